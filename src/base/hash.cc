#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/check.h"

namespace meridian {

Token TokenOf(NamespaceId space, ByteView key) {
  return {HashOf(key, space.value)};
}

PartitionId PartitionOf(Token token, unsigned partition_bits) {
  MERIDIAN_CHECK(partition_bits <= 16);
  if (partition_bits == 0) return {0};
  return {static_cast<std::uint16_t>(token.value >> (64 - partition_bits))};
}

std::uint64_t HashOf(ByteView bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace meridian
