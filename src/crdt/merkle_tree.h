// The Merkle tree of one partition: what its live versions add up to.
//
//     root ── 32 branches ── 1024 leaves     a leaf: the ten bits of a token below its partition's
//     leaf = sum mod 2^64 over its rows' live versions of XXH3(storage key, dot, stamp, value)
//
// Sums, so a write changes a leaf by new minus old and nothing is read for it; not XOR, in which
// two equal mistakes vanish. Values are part of it because rot changes them under the same dot.
// Tombstones and contexts are not: replicas collect them at different times. The same in every
// region, whatever its ring; Q is the same everywhere.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "crdt/partition_key.h"
#include "crdt/row.h"

namespace meridian::crdt {

class MerkleTree {
 public:
  static constexpr std::size_t kBranches = 32;
  static constexpr std::size_t kLeavesPerBranch = 32;
  static constexpr std::size_t kLeaves = kBranches * kLeavesPerBranch;
  static constexpr unsigned kLeafBits = 10;

  // Requires leaf < kLeaves, as do all below.
  void Add(std::size_t leaf, std::uint64_t change) {
    leaves_[leaf] += change;
    branches_[leaf / kLeavesPerBranch] += change;
    root_ += change;
  }
  void Set(std::size_t leaf, std::uint64_t sum) { Add(leaf, sum - leaves_[leaf]); }

  std::uint64_t root() const { return root_; }
  const std::array<std::uint64_t, kBranches>& branches() const { return branches_; }
  std::uint64_t leaf(std::size_t leaf) const { return leaves_[leaf]; }

  friend bool operator==(const MerkleTree&, const MerkleTree&) = default;

 private:
  std::uint64_t root_ = 0;
  std::array<std::uint64_t, kBranches> branches_{};
  std::array<std::uint64_t, kLeaves> leaves_{};
};

// The leaf of a token in its partition's tree. Requires partition_bits in 0..16.
std::size_t LeafOf(Token token, unsigned partition_bits);

// Where the rows of a leaf are in the `data` column: [LeafBegin(leaf), LeafBegin(leaf + 1)), and
// those of the partition from leaf 0 to kLeaves. Empty: to the end of the column.
Bytes LeafBegin(PartitionKey key, std::size_t leaf, unsigned partition_bits);

// What one version stands for in a row.
std::uint64_t PrintOf(ByteView storage_key, const Version& version);
// What a row adds to its leaf.
std::uint64_t SumOf(ByteView storage_key, const Row& row);
// SumOf(after) - SumOf(before); versions of both cost nothing.
std::uint64_t SumChange(ByteView storage_key, const Row& before, const Row& after);

}  // namespace meridian::crdt
