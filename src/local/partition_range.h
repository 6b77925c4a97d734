// Where a partition's rows lie in the `data` column: one contiguous range, as docs/storage.md says.
//
//     placement 1, partition 2 of 4:   [ 0001 8000..00 , 0001 c000..00 )

#pragma once

#include "base/big_endian.h"
#include "base/bytes.h"
#include "local/ring.h"

namespace meridian::local {

struct PartitionRange {
  Bytes begin;
  Bytes end;  // exclusive

  static PartitionRange Of(PartitionKey key, unsigned bits) {
    return {Start(key.placement, key.partition.value, bits),
            Start(key.placement, std::uint64_t{key.partition.value} + 1, bits)};
  }

  // How far into the range a row's key lies, 0 to 1. Tokens are hashes: so much of the rows, too.
  static double ShareBefore(ByteView storage_key, unsigned bits) {
    if (storage_key.size() < 10) return 0;
    const auto token = ReadBigEndian<std::uint64_t>(storage_key.substr(2));
    return static_cast<double>((token << bits) >> 11) / static_cast<double>(1ULL << 53);
  }

 private:
  static Bytes Start(PlacementId placement, std::uint64_t partition, unsigned bits) {
    const bool past_last = partition >> bits != 0;
    Bytes key;
    if (past_last && placement.value == UINT16_MAX) return key;  // to the end of the column
    AppendBigEndian(key, static_cast<std::uint16_t>(placement.value + (past_last ? 1 : 0)));
    AppendBigEndian(key, past_last || bits == 0 ? std::uint64_t{0} : partition << (64 - bits));
    return key;
  }
};

}  // namespace meridian::local
