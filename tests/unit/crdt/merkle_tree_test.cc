#include "crdt/merkle_tree.h"

#include <gtest/gtest.h>

#include "crdt/row_key.h"

namespace meridian::crdt {
namespace {

constexpr Actor kA = Actor::Of({2}, {1}, 1);

Row RowOf(std::initializer_list<Version> versions) {
  Row row;
  for (const Version& version : versions) {
    row.context.Add(version.dot);
    row.versions.push_back(version);
  }
  return row;
}
const Version kMilk{{kA, 1}, {1 << 16}, "milk", 0};
const Version kBread{{kA, 2}, {2 << 16}, "bread", 0};
const Version kGone{{kA, 3}, {3 << 16}, std::nullopt, 0};

TEST(MerkleTreeTest, BranchesAndRootAreTheSumsOfTheirLeaves) {
  MerkleTree tree;
  tree.Add(0, 5);
  tree.Add(31, 7);
  tree.Add(32, UINT64_MAX);
  EXPECT_EQ(tree.branches()[0], 12U);
  EXPECT_EQ(tree.branches()[1], UINT64_MAX);
  EXPECT_EQ(tree.root(), 11U);
  tree.Set(31, 0);
  EXPECT_EQ(tree.branches()[0], 5U);
  EXPECT_EQ(tree.leaf(31), 0U);
}

TEST(MerkleTreeTest, ALeafIsTheTenBitsBelowThePartitions) {
  EXPECT_EQ(LeafOf({UINT64_MAX}, 8), 1023U);
  EXPECT_EQ(LeafOf({0xab00'0000'0000'0000}, 8), 0U);
  EXPECT_EQ(LeafOf({0xab40'0000'0000'0000}, 8), 256U);
  EXPECT_EQ(LeafOf({0x4000'0000'0000'0000}, 0), 256U);
}

TEST(MerkleTreeTest, TheRowsOfALeafLieBetweenItsBeginAndTheNext) {
  for (int i = 0; i < 2000; ++i) {
    const RowKey key{{1}, {1}, "key" + std::to_string(i), {}};
    const PartitionKey partition{{1}, PartitionOf(key.token(), 3)};
    const std::size_t leaf = LeafOf(key.token(), 3);
    const Bytes place = StorageKey(key);
    EXPECT_GE(place, LeafBegin(partition, leaf, 3));
    const Bytes end = LeafBegin(partition, leaf + 1, 3);
    EXPECT_TRUE(end.empty() || place < end);
  }
}

TEST(MerkleTreeTest, TheLastLeafEndsWithThePlacement) {
  EXPECT_EQ(LeafBegin({{1}, {255}}, MerkleTree::kLeaves, 8), Bytes("\0\2", 2));
  EXPECT_EQ(LeafBegin({{1}, {0}}, MerkleTree::kLeaves, 0), Bytes("\0\2", 2));
  EXPECT_EQ(LeafBegin({{UINT16_MAX}, {255}}, MerkleTree::kLeaves, 8), Bytes());
  EXPECT_EQ(LeafBegin({{1}, {3}}, MerkleTree::kLeaves, 8), LeafBegin({{1}, {4}}, 0, 8));
}

TEST(MerkleTreeTest, AChangeIsNewMinusOld) {
  const Row none;
  const Row one = RowOf({kMilk});
  const Row two = RowOf({kMilk, kBread});
  const Row gone = RowOf({kGone});
  for (const Row* before : {&none, &one, &two, &gone}) {
    for (const Row* after : {&none, &one, &two, &gone}) {
      EXPECT_EQ(SumChange("k", *before, *after), SumOf("k", *after) - SumOf("k", *before));
    }
  }
}

TEST(MerkleTreeTest, KeyDotStampValueAndExpiryAllCount) {
  const std::uint64_t print = PrintOf("k", kMilk);
  Version other = kMilk;
  EXPECT_NE(PrintOf("l", kMilk), print);
  other.dot.sequence = 9;
  EXPECT_NE(PrintOf("k", other), print);
  other = kMilk;
  other.stamp.packed += 1;
  EXPECT_NE(PrintOf("k", other), print);
  other = kMilk;
  other.value = "silk";
  EXPECT_NE(PrintOf("k", other), print);
  other = kMilk;
  other.expires_ms = 1;
  EXPECT_NE(PrintOf("k", other), print);
}

TEST(MerkleTreeTest, ThePrintNeverChanges) {
  EXPECT_EQ(PrintOf("k", kMilk), 13152935268736135451U);
}

TEST(MerkleTreeTest, TombstonesDoNotCount) {
  EXPECT_EQ(SumOf("k", RowOf({kGone})), 0U);
}

}  // namespace
}  // namespace meridian::crdt
