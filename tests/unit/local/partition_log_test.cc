#include "local/partition_log.h"

#include <gtest/gtest.h>

#include <set>

#include "local/log_keys.h"
#include "support/local_node.h"

namespace meridian::local {
namespace {

crdt::RowUpdate UpdateOf(const crdt::RowKey& key, crdt::Dot dot, const Bytes& value = "v") {
  return {key, Written({}, dot, value), {}};
}

// The same node after a restart that found this disk.
std::map<PartitionKey, crdt::SeenVector> SeenAfterRestart(const MemoryDisk& disk) {
  const LocalNode again(1, disk);
  std::map<PartitionKey, crdt::SeenVector> seen;
  for (const PartitionKey key : again.replica.log().partitions()) {
    seen[key] = again.replica.log().Seen(key);
  }
  return seen;
}

std::map<PartitionKey, crdt::SeenVector> SeenNow(const LocalNode& node) {
  std::map<PartitionKey, crdt::SeenVector> seen;
  for (const PartitionKey key : node.replica.log().partitions()) {
    seen[key] = node.replica.log().Seen(key);
  }
  return seen;
}

TEST(PartitionLogTest, HoldsWhatItIsAPrimaryOf) {
  const LocalNode node(1, {}, 5);
  const PartitionLog& log = node.replica.log();
  EXPECT_TRUE(std::ranges::is_sorted(log.partitions()));
  EXPECT_LT(log.partitions().size(), 8U);
  for (std::uint16_t placement = 1; placement <= 2; ++placement) {
    for (std::uint16_t p = 0; p < 4; ++p) {
      const PartitionKey key{{placement}, {p}};
      EXPECT_EQ(log.Holds(key), node.ring.IsMine(key));
    }
  }
}

// Seen vectors that are written; the trees' snapshots go with them.
std::ptrdiff_t CheckpointsIn(const Output& output) {
  return std::ranges::count(output.writes.writes, Column::kMeta, &Write::column);
}

TEST(PartitionLogTest, ADotIsRecordedOnce) {
  LocalNode node(1);
  PartitionLog& log = node.replica.log();
  const PartitionKey key{{1}, {2}};
  const Bytes row = crdt::StorageKey(kMilk);
  EXPECT_TRUE(log.Record(key, {kA, 3}, row));
  EXPECT_EQ(log.changes(), log.ChangedAt(key));
  const std::uint64_t changes = log.changes();
  EXPECT_FALSE(log.Record(key, {kA, 3}, row));
  EXPECT_EQ(log.changes(), changes);
  EXPECT_EQ(node.End().writes.writes.size(), 1U);
  EXPECT_TRUE(log.Seen(key).Contains({kA, 3}));
  EXPECT_FALSE(log.Seen(key).Contains({kA, 2}));
}

TEST(PartitionLogTest, TheDigestFollowsTheVector) {
  LocalNode node(1), other(2);
  const PartitionKey key{{1}, {2}};
  const Bytes row = crdt::StorageKey(kMilk);
  EXPECT_EQ(node.replica.log().Digest(key), 0U);
  node.replica.log().Record(key, {kA, 1}, row);
  const std::uint64_t one = node.replica.log().Digest(key);
  node.replica.log().Record(key, {kA, 2}, row);
  EXPECT_NE(node.replica.log().Digest(key), one);
  other.replica.log().Record(key, {kA, 2}, row);
  other.replica.log().Record(key, {kA, 1}, row);
  EXPECT_EQ(node.replica.log().Digest(key), other.replica.log().Digest(key));
}

TEST(PartitionLogTest, ARestartRebuildsTheSameVectors) {
  LocalNode node(1);
  const auto keys = KeysOfOnePartition(node.ring, 3);
  const auto apply = [&](std::size_t key, crdt::Dot dot) {
    EXPECT_TRUE(node.replica.Apply(UpdateOf(keys[key], dot)));
  };
  for (std::uint64_t sequence : {1U, 2U, 3U, 7U, 9U}) apply(0, {kA, sequence});
  apply(1, {kB, 4});
  node.End();
  EXPECT_EQ(SeenAfterRestart(node.disk), SeenNow(node)) << "from the log alone";

  node.replica.log().Checkpoint();
  node.End();
  EXPECT_EQ(SeenAfterRestart(node.disk), SeenNow(node)) << "from the checkpoint alone";

  // Above the unbroken start, in a hole, below the first, of a new actor.
  apply(0, {kA, 4});
  apply(0, {kA, 8});
  apply(1, {kB, 2});
  apply(2, {Actor::Of({2}, {3}, 1), 5});
  node.replica.Apply(UpdateOf(KeyOf("elsewhere", kHome), {kA, 1}));
  node.End();
  EXPECT_EQ(SeenAfterRestart(node.disk), SeenNow(node)) << "from the checkpoint and the tail";
  EXPECT_EQ(SeenNow(node).at(node.PartitionOf(keys[0])).SequencesOf(kA)->ToString(), "1-4,7-9");
}

TEST(PartitionLogTest, TheLastActorOfAllIsReadToo) {
  LocalNode node(1);
  node.replica.Apply(UpdateOf(kMilk, {Actor{UINT64_MAX}, 3}));
  node.End();
  EXPECT_EQ(SeenAfterRestart(node.disk), SeenNow(node));
}

TEST(PartitionLogTest, ACheckpointSparesTheLog) {
  LocalNode node(1);
  for (std::uint64_t sequence = 1; sequence <= 5; ++sequence) {
    node.replica.Apply(UpdateOf(kMilk, {kA, sequence}));
  }
  node.replica.log().Checkpoint();
  node.End();
  for (std::uint64_t sequence = 1; sequence <= 4; ++sequence) {
    node.disk.Erase(Column::kLog, LogKey(node.PartitionOf(kMilk), {kA, sequence}));
  }
  EXPECT_EQ(SeenAfterRestart(node.disk), SeenNow(node));
}

TEST(PartitionLogTest, OnlyWhatChangedIsCheckpointed) {
  LocalNode node(1);
  node.replica.Apply(UpdateOf(kMilk, {kA, 1}));
  node.End();
  node.replica.log().Checkpoint();
  EXPECT_EQ(CheckpointsIn(node.End()), 1);
  node.replica.log().Checkpoint();
  EXPECT_TRUE(node.End().writes.writes.empty());

  LocalNode again(1, node.disk);
  again.replica.log().Checkpoint();
  EXPECT_TRUE(again.End().writes.writes.empty());
}

TEST(PartitionLogTest, ATailThatALoadReadIsCheckpointedNext) {
  LocalNode node(1);
  node.replica.Apply(UpdateOf(kMilk, {kA, 1}));
  node.End();
  LocalNode again(1, node.disk);
  again.replica.log().Checkpoint();
  EXPECT_EQ(CheckpointsIn(again.End()), 1);
}

TEST(PartitionLogTest, WhatWasLoadedCountsAsAChange) {
  LocalNode node(1);
  node.replica.Apply(UpdateOf(kMilk, {kA, 1}));
  node.End();
  const LocalNode again(1, node.disk);
  const PartitionLog& log = again.replica.log();
  EXPECT_GT(log.ChangedAt(again.PartitionOf(kMilk)), 0U);
  EXPECT_EQ(log.ChangedAt(again.PartitionOf(KeyOf("milk", kHome))), 0U);
}

class PartitionLogReadTest : public testing::Test {
 protected:
  PartitionLogReadTest() : keys_(KeysOfOnePartition(node_.ring, 200)) {}

  PartitionLog::Slice Read(const crdt::SeenVector& wanted, std::size_t bytes_max = 1 << 20) {
    PartitionLog::Slice slice;
    node_.replica.log().Read(node_.PartitionOf(keys_[0]), wanted, bytes_max, slice);
    return slice;
  }
  const crdt::SeenVector& Seen() const { return node_.Seen(keys_[0]); }

  LocalNode node_{1};
  const std::vector<crdt::RowKey> keys_;
};

TEST_F(PartitionLogReadTest, RowsComeAsTheyAreNowWithTheirListedDots) {
  const crdt::Row old = Written(Written({}, {kA, 1}, "milk"), {kB, 4}, "bread");
  const crdt::Row now = Written(old, {kA, 2}, "both", old.context);
  node_.replica.Apply({keys_[0], old, {}});
  node_.replica.Apply({keys_[0], now, {}});
  node_.End();
  const PartitionLog::Slice slice = Read(Seen());
  ASSERT_EQ(slice.rows.size(), 1U);
  EXPECT_EQ(slice.rows[0].key, keys_[0]);
  EXPECT_EQ(slice.rows[0].row, now);
  EXPECT_EQ(slice.rows[0].listed, (std::vector<crdt::Dot>{{kA, 1}, {kB, 4}}));  // not {kA, 2}
  EXPECT_FALSE(slice.more);
}

TEST_F(PartitionLogReadTest, OnlyDotsThatAreWantedAndLoggedAreListed) {
  const crdt::Row old = Written({}, {kA, 8}, "milk");
  node_.replica.Apply({keys_[0], old, {}});
  node_.replica.Apply({keys_[0], Written(old, {kB, 4}, "bread", old.context), {}});
  node_.replica.Apply(UpdateOf(keys_[1], {kB, 5}));
  node_.End();
  crdt::SeenVector wanted;
  wanted.Add(kA, crdt::IntervalSet({1, 20}));  // the context {A:8} does not make A:7 listed
  const PartitionLog::Slice slice = Read(wanted);
  ASSERT_EQ(slice.rows.size(), 1U);
  EXPECT_EQ(slice.rows[0].listed, (std::vector<crdt::Dot>{{kA, 8}}));
}

TEST_F(PartitionLogReadTest, OrphansAreCountedAndNotShipped) {
  node_.replica.Apply(UpdateOf(keys_[0], {kA, 1}));
  node_.replica.Apply(UpdateOf(keys_[0], {kA, 2}));
  node_.replica.Apply(UpdateOf(keys_[1], {kA, 3}));
  node_.End();
  node_.disk.Erase(Column::kData, crdt::StorageKey(keys_[0]));
  const PartitionLog::Slice slice = Read(Seen());
  EXPECT_EQ(slice.orphans, 2U);
  ASSERT_EQ(slice.rows.size(), 1U);
  EXPECT_EQ(slice.rows[0].key, keys_[1]);
}

// A row that is gone and had more dots than one look takes in.
TEST_F(PartitionLogReadTest, WhatLiesBehindManyOrphansIsFound) {
  for (std::uint64_t sequence = 1; sequence <= 50; ++sequence) {
    node_.replica.Apply(UpdateOf(keys_[0], {kA, sequence}));
  }
  node_.replica.Apply(UpdateOf(keys_[1], {kB, 1}));
  node_.End();
  node_.disk.Erase(Column::kData, crdt::StorageKey(keys_[0]));
  PartitionLog::Slice slice;
  node_.replica.log().Read(node_.PartitionOf(keys_[0]), Seen(), 1 << 20, slice, 10);
  EXPECT_EQ(slice.orphans, 50U);
  ASSERT_EQ(slice.rows.size(), 1U);
  EXPECT_EQ(slice.rows[0].key, keys_[1]);
  EXPECT_FALSE(slice.more);
}

TEST_F(PartitionLogReadTest, TheSearchBehindOrphansIsBounded) {
  for (std::uint64_t sequence = 1; sequence <= 50; ++sequence) {
    node_.replica.Apply(UpdateOf(keys_[0], {kA, sequence}));
  }
  node_.End();
  node_.disk.Erase(Column::kData, crdt::StorageKey(keys_[0]));
  PartitionLog::Slice slice;
  node_.replica.log().Read(node_.PartitionOf(keys_[0]), Seen(), 1 << 20, slice, 2);
  EXPECT_EQ(slice.orphans, 16U);
  EXPECT_TRUE(slice.more);
}

// All slices together bring every dot, and none is much larger than asked for.
TEST_F(PartitionLogReadTest, SlicesAddUpToTheWhole) {
  const Bytes value(1000, 'v');
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    node_.replica.Apply(UpdateOf(keys_[i], {kA, i + 1}, value));
  }
  node_.End();
  crdt::SeenVector wanted = Seen();
  std::set<crdt::RowKey> got;
  for (int slices = 1;; ++slices) {
    ASSERT_LE(slices, 100);
    const PartitionLog::Slice slice = Read(wanted, 5000);
    EXPECT_LE(slice.bytes, 6500U);
    crdt::SeenVector received;
    for (const crdt::RowUpdate& update : slice.rows) {
      got.insert(update.key);
      for (const crdt::Version& version : update.row.versions) received.Add(version.dot);
    }
    wanted = wanted.Without(received);
    if (!slice.more) break;
  }
  EXPECT_EQ(got.size(), keys_.size());
  EXPECT_TRUE(wanted.empty());
}

TEST_F(PartitionLogReadTest, AFullSliceTakesNothingMoreAndSaysSo) {
  node_.replica.Apply(UpdateOf(keys_[0], {kA, 1}));
  node_.End();
  PartitionLog::Slice slice;
  slice.bytes = 100;
  node_.replica.log().Read(node_.PartitionOf(keys_[0]), Seen(), 100, slice);
  EXPECT_TRUE(slice.more);
  EXPECT_TRUE(slice.rows.empty());
  slice.more = false;
  node_.replica.log().Read(node_.PartitionOf(keys_[0]), {}, 100, slice);
  EXPECT_FALSE(slice.more) << "nothing was wanted";
}

TEST_F(PartitionLogReadTest, ManyDotsOfOneRowComeInParts) {
  crdt::Row row;
  for (std::uint64_t sequence = 1; sequence <= 5000; ++sequence) {
    row = Written(row, {kA, sequence}, "v", row.context);
    node_.replica.Apply({keys_[0], row, {}});
  }
  node_.End();
  crdt::SeenVector wanted = Seen();
  std::size_t slices = 0;
  for (bool more = true; more; ++slices) {
    ASSERT_LT(slices, 5U);
    const PartitionLog::Slice slice = Read(wanted);
    more = slice.more;
    crdt::SeenVector received;
    for (const crdt::RowUpdate& update : slice.rows) {
      for (const crdt::Dot& dot : update.listed) received.Add(dot);
      for (const crdt::Version& version : update.row.versions) received.Add(version.dot);
    }
    wanted = wanted.Without(received);
  }
  EXPECT_EQ(slices, 2U);
  EXPECT_TRUE(wanted.empty());
}

}  // namespace
}  // namespace meridian::local
