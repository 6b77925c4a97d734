#include "crdt/merkle_tree.h"

#include "base/big_endian.h"
#include "base/check.h"
#include "base/hash.h"

namespace meridian::crdt {
namespace {

std::uint64_t PrintUnder(std::uint64_t row_hash, const Version& version) {
  const std::array<std::uint64_t, 6> parts{
      version.dot.actor.packed, version.dot.sequence,
      version.stamp.packed,     version.expires_ms,
      version.value ? 1U : 0U,  version.value ? HashOf(*version.value) : 0U};
  // Numbers byte by byte, so that every machine hashes the same.
  std::array<char, parts.size() * 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(parts[i / 8] >> (8 * (i % 8)));
  }
  return HashOf({bytes.data(), bytes.size()}, row_hash);
}

}  // namespace

std::size_t LeafOf(Token token, unsigned partition_bits) {
  MERIDIAN_CHECK(partition_bits <= 16);
  return static_cast<std::size_t>((token.value << partition_bits) >> (64 - MerkleTree::kLeafBits));
}

Bytes LeafBegin(PartitionKey key, std::size_t leaf, unsigned partition_bits) {
  MERIDIAN_CHECK(partition_bits <= 16 && leaf <= MerkleTree::kLeaves);
  const std::uint64_t leaves = (std::uint64_t{key.partition.value} << MerkleTree::kLeafBits) + leaf;
  const unsigned bits = partition_bits + MerkleTree::kLeafBits;
  Bytes begin;
  if ((leaves >> bits) == 0) {
    AppendBigEndian(begin, key.placement.value);
    AppendBigEndian(begin, leaves << (64 - bits));
  } else if (key.placement.value != UINT16_MAX) {  // past the last token of the placement
    AppendBigEndian(begin, static_cast<std::uint16_t>(key.placement.value + 1));
  }
  return begin;
}

std::uint64_t PrintOf(ByteView storage_key, const Version& version) {
  return PrintUnder(HashOf(storage_key), version);
}

std::uint64_t SumOf(ByteView storage_key, const Row& row) {
  return SumChange(storage_key, {}, row);
}

std::uint64_t SumChange(ByteView storage_key, const Row& before, const Row& after) {
  const std::uint64_t row_hash = HashOf(storage_key);
  std::uint64_t change = 0;
  auto old = before.versions.begin();
  for (const Version& version : after.versions) {
    for (; old != before.versions.end() && old->dot < version.dot; ++old) {
      if (old->value) change -= PrintUnder(row_hash, *old);
    }
    if (old != before.versions.end() && old->dot == version.dot && *old == version) {
      ++old;
    } else if (version.value) {
      change += PrintUnder(row_hash, version);
    }
  }
  for (; old != before.versions.end(); ++old) {
    if (old->value) change -= PrintUnder(row_hash, *old);
  }
  return change;
}

}  // namespace meridian::crdt
