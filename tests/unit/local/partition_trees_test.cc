#include "local/partition_trees.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "local/log_keys.h"
#include "support/local_node.h"

namespace meridian::local {
namespace {

using crdt::MerkleTree;

// Every leaf of every partition is what its rows on disk add up to.
void ExpectExact(LocalNode& node) {
  const PartitionTrees& trees = node.replica.trees();
  for (const PartitionKey key : node.replica.log().partitions()) {
    for (std::size_t leaf = 0; leaf < MerkleTree::kLeaves; ++leaf) {
      ASSERT_EQ(trees.LeafOf(key, leaf), trees.Recount(key, leaf)) << leaf;
    }
  }
}

// Puts, overwrites, deletes and siblings of 200 keys; some rows arrive without their dots.
void ApplySome(LocalNode& node, Random& random, std::uint64_t& sequence, int count) {
  for (int i = 0; i < count; ++i) {
    const crdt::RowKey key = KeyOf("key" + std::to_string(random.Below(200)));
    const crdt::Row stored = node.Read(key);
    crdt::Change change{{kA, ++sequence}, {sequence << 16}, "value", {}, {}};
    if (random.OneIn(3)) change.value.reset();
    if (!random.OneIn(3)) change.read = stored.context;
    ASSERT_TRUE(node.replica.Apply({key, crdt::Updated(stored, change, Policy::kSiblings), {}}));
    if (random.OneIn(5)) node.End();
  }
  node.Sync();
}

TEST(PartitionTreesTest, TreesAreWhatTheRowsAddUpTo) {
  LocalNode node(1);
  Random random(1);
  std::uint64_t sequence = 0;
  ApplySome(node, random, sequence, 1000);
  ExpectExact(node);
  EXPECT_NE(node.replica.trees().RootOf(node.PartitionOf(KeyOf("key1"))), 0U);
}

TEST(PartitionTreesTest, ALeafCountsTheRowsOfTheOpenTurn) {
  LocalNode node(1);
  node.replica.Apply({KeyOf("milk"), Written({}, {kA, 1}, "v"), {}});
  ExpectExact(node);
}

TEST(PartitionTreesTest, TreesAreExactAfterACrashAtAnyPoint) {
  Random random(2);
  std::uint64_t sequence = 0;
  auto node = std::make_unique<LocalNode>(1);
  for (int crash = 0; crash < 30; ++crash) {
    ApplySome(*node, random, sequence, 40);
    if (random.OneIn(2)) node->replica.log().Checkpoint(random.Below(2), 2);
    MemoryDisk left = node->disk;
    if (random.OneIn(2)) left = (node->Sync(), node->disk);
    node = std::make_unique<LocalNode>(1, left);
    ExpectExact(*node);
  }
}

TEST(PartitionTreesTest, WithASnapshotOnlyTheTailsLeavesAreRecounted) {
  LocalNode node(1);
  Random random(3);
  std::uint64_t sequence = 0;
  ApplySome(node, random, sequence, 500);
  node.replica.log().Checkpoint();
  const crdt::RowKey key = KeyOf("key7");
  node.replica.Apply({key, Written(node.Read(key), {kB, 1}, "later"), {}});
  node.Sync();
  LocalNode again(1, node.disk);
  EXPECT_GE(again.replica.trees().recounted_rows(), 1U);
  EXPECT_LE(again.replica.trees().recounted_rows(), 4U);
  ExpectExact(again);
}

TEST(PartitionTreesTest, AChangeWithoutADotMarksItsLeaf) {
  LocalNode node(1);
  const crdt::RowKey key = KeyOf("milk");
  const crdt::Row one = Written({}, {kA, 1}, "v");
  node.replica.Apply({key, one, {}});
  node.replica.log().Checkpoint();
  node.Sync();
  // A row that has only merged the overwriting: no dot to log.
  crdt::Row covering;
  covering.context = one.context;
  covering.context.Add({kA, 2});
  node.replica.Apply({key, covering, {}});
  EXPECT_EQ(ValuesOf(node.Read(key)), std::vector<Bytes>{});
  node.Sync();
  LocalNode again(1, node.disk);
  EXPECT_EQ(again.replica.trees().recounted_rows(), 1U);
  ExpectExact(again);
  // The next snapshot has it, so the mark goes.
  again.replica.Apply({KeyOf("bread"), Written({}, {kB, 1}, "v"), {}});
  again.replica.Apply({key, Written(covering, {kB, 2}, "v"), {}});
  again.replica.log().Checkpoint();
  again.Sync();
  EXPECT_EQ(LocalNode(1, again.disk).replica.trees().recounted_rows(), 0U);
}

TEST(PartitionTreesTest, ASnapshotOfAnotherCheckpointOrDamagedIsNotBelieved) {
  LocalNode node(1);
  Random random(4);
  std::uint64_t sequence = 0;
  ApplySome(node, random, sequence, 300);
  node.replica.log().Checkpoint();
  node.Sync();
  const PartitionKey key = node.PartitionOf(KeyOf("key1"));
  for (const char* kind : {"snap", "leaf"}) {
    MemoryDisk disk = node.disk;
    WriteBatch damage;
    ASSERT_TRUE(disk.Scan(Column::kTree, kind, {},
                          [&](const Entry& entry) {
                            if (!entry.key.starts_with(kind)) return false;
                            Bytes value(entry.value);
                            value.back() = static_cast<char>(value.back() ^ 1);
                            damage.writes.push_back({Column::kTree, Bytes(entry.key), value});
                            return true;
                          })
                    .has_value());
    disk.Apply(damage);
    LocalNode again(1, disk);
    ExpectExact(again);
    EXPECT_GT(again.replica.trees().recounted_rows(), 20U);
    EXPECT_EQ(again.replica.trees().RootOf(key), node.replica.trees().RootOf(key));
    // It is written anew by the next checkpoint, though no dot came.
    again.replica.log().Checkpoint();
    again.Sync();
    EXPECT_EQ(LocalNode(1, again.disk).replica.trees().recounted_rows(), 0U);
  }
}

TEST(PartitionTreesTest, ARowAlteredBehindTheNodesBackDeviatesFromItsTree) {
  LocalNode node(1);
  const crdt::RowKey key = KeyOf("milk");
  node.replica.Apply({key, Written({}, {kA, 1}, "milk"), {}});
  node.replica.log().Checkpoint();
  node.Sync();
  MemoryDisk disk = node.disk;
  disk.Apply(
      {{},
       {{Column::kData, crdt::StorageKey(key), crdt::EncodeRow(Written({}, {kA, 1}, "silk"))}}});
  LocalNode again(1, disk);
  const std::size_t leaf = crdt::LeafOf(key.token(), again.ring.topology().partition_bits);
  const PartitionTrees& trees = again.replica.trees();
  EXPECT_NE(trees.LeafOf(again.PartitionOf(key), leaf),
            trees.Recount(again.PartitionOf(key), leaf));
}

TEST(PartitionTreesTest, NothingOfADroppedTreeStaysOnDisk) {
  LocalNode node(1);
  Random random(5);
  std::uint64_t sequence = 0;
  ApplySome(node, random, sequence, 200);
  const PartitionKey key = node.PartitionOf(KeyOf("key1"));
  node.replica.log().Checkpoint(0, 1);
  node.replica.trees().Mark(key, 7);
  node.Sync();
  const auto pieces = [&] {
    std::size_t count = 0;
    EXPECT_TRUE(node.disk.Scan(Column::kTree, {}, {}, [&](const Entry& entry) {
      count += entry.key.substr(4, 4) == LogKey(key, {}).substr(0, 4) ? 1U : 0U;
      return true;
    }));
    return count;
  };
  ASSERT_GT(pieces(), 2U);
  node.replica.trees().Mark(key, 8);  // in the same turn
  node.replica.trees().Drop(key);
  node.Sync();
  EXPECT_EQ(pieces(), 0U);
}

}  // namespace
}  // namespace meridian::local
