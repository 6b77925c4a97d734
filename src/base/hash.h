// Where a key stands on the ring: its token, XXH3-64 of (namespace, key).
//
// Fixed for ever (tests/golden/tokens.txt): rows are stored, shipped and compared by token, so a
// change here would orphan all of them. The namespace's number is the seed of the hash.

#pragma once

#include "base/bytes.h"
#include "base/ids.h"

namespace meridian {

Token TokenOf(NamespaceId space, ByteView key);

// The partition of a token: its top `partition_bits` bits. Requires partition_bits in 0..16.
PartitionId PartitionOf(Token token, unsigned partition_bits);

// XXH3-64 of any bytes, for sums and digests.
std::uint64_t HashOf(ByteView bytes, std::uint64_t seed = 0);

}  // namespace meridian
