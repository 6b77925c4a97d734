#include "local/hint_store.h"

#include <gtest/gtest.h>

#include <set>

#include "support/local_node.h"

namespace meridian::local {
namespace {

class HintStoreTest : public testing::Test {
 protected:
  HintStore Reloaded(HintOptions options = {}) {
    HintStore again(node_.ring, node_.turn, options);
    again.Load();
    return again;
  }
  std::optional<Hint> Find(const crdt::RowKey& key = kMilk) {
    return node_.hints.Find(key, key.token());
  }

  LocalNode node_{1, {}, 5};
};

TEST_F(HintStoreTest, WhatIsKeptIsFoundAlsoInTheSameTurn) {
  EXPECT_FALSE(Find());
  const crdt::Row row = Written({}, {kA, 1}, "v");
  ASSERT_TRUE(node_.hints.Keep(At(5000), {kMilk, row, {}}, 2));
  ASSERT_TRUE(Find());
  EXPECT_EQ(Find()->row, row);
  EXPECT_EQ(Find()->needed, 2U);
  EXPECT_EQ(node_.hints.total().rows(), 1U);
  EXPECT_EQ(node_.hints.total().oldest_ms(), Milliseconds(At(5000).wall.time_since_epoch()));
}

TEST_F(HintStoreTest, IsOutsideTheDataAndTheLog) {
  node_.hints.Keep(At(0), {kMilk, Written({}, {kA, 1}, "v"), {}}, 2);
  node_.Sync();
  EXPECT_EQ(node_.disk.Count(Column::kHint), 1U);
  EXPECT_EQ(node_.disk.Count(Column::kData), 0U);
  EXPECT_EQ(node_.disk.Count(Column::kLog), 0U);
}

// Rule 3: the primaries mark what a hint lists, so nothing that went through it may be forgotten.
TEST_F(HintStoreTest, DotsThatNoLongerShowAreListed) {
  const crdt::Row first = Written({}, {kA, 1}, "1");
  const crdt::Row second = Written(first, {kA, 2}, "2", first.context);
  node_.hints.Keep(At(0), {kMilk, first, {}}, 2);
  node_.hints.Keep(At(1), {kMilk, second, {{kB, 7}}}, 3);
  node_.hints.Keep(At(2), {kMilk, first, {}}, 1);  // late, and known
  EXPECT_EQ(Find()->row, second);
  EXPECT_EQ(Find()->listed.Count(), 2U);
  EXPECT_TRUE(Find()->listed.Contains({kA, 1}));
  EXPECT_TRUE(Find()->listed.Contains({kB, 7}));
  EXPECT_EQ(Find()->needed, 3U) << "the highest W counts";
  EXPECT_EQ(node_.hints.total().rows(), 1U);
}

TEST_F(HintStoreTest, WhatDoesNotFitIsRefusedAndNothingIsWritten) {
  HintStore small(node_.ring, node_.turn, {.bytes_max = 300});
  EXPECT_TRUE(small.Keep(At(0), {kMilk, Written({}, {kA, 1}, Bytes(100, 'x')), {}}, 2));
  const auto bytes = small.total().bytes();
  EXPECT_FALSE(small.Keep(At(0), {KeyOf("eggs"), Written({}, {kA, 2}, Bytes(200, 'x')), {}}, 2));
  EXPECT_EQ(small.total().bytes(), bytes);
  EXPECT_EQ(small.counters().refused, 1U);
  EXPECT_FALSE(small.Find(KeyOf("eggs"), KeyOf("eggs").token()));
  // A repetition needs no room.
  EXPECT_TRUE(small.Keep(At(0), {kMilk, Written({}, {kA, 1}, Bytes(100, 'x')), {}}, 2));
}

TEST_F(HintStoreTest, CountsAreExactAfterARestart) {
  for (int i = 0; i < 20; ++i) {
    const crdt::RowKey key = KeyOf("k" + std::to_string(i % 15));
    node_.hints.Keep(At(i * 1000), {key, Written({}, {kA, std::uint64_t(i + 1)}, "v"), {}}, 2);
    node_.Sync();
  }
  const PartitionKey partition = node_.hints.partitions().begin()->first;
  for (const auto& hint : node_.hints.Read(partition, {}, 1 << 20)) {
    EXPECT_TRUE(node_.hints.Drop(hint));
  }
  node_.Sync();
  const HintStore again = Reloaded();
  EXPECT_GT(again.total().rows(), 0U);
  EXPECT_EQ(again.total().rows(), node_.hints.total().rows());
  EXPECT_EQ(again.total().bytes(), node_.hints.total().bytes());
  EXPECT_EQ(again.partitions().size(), node_.hints.partitions().size());
  EXPECT_EQ(again.total().oldest_ms(), node_.hints.total().oldest_ms());
  EXPECT_FALSE(again.partitions().contains(partition));
}

TEST_F(HintStoreTest, EachPrimaryThatAHintIsForIsCountedOnceAndNobodyElse) {
  const PreferenceList& list =
      *node_.ring.ListOf(node_.ring.PartitionOfToken(kMilk.placement, kMilk.token()));
  const NodeId one = list.nodes[0];
  const NodeId other = list.nodes[1];
  const crdt::Row row = Written({}, {kA, 1}, "v");
  node_.hints.Keep(At(0), {kMilk, row, {}}, 2, {other, other, NodeId{77}, list.nodes[4]});
  node_.hints.Keep(At(0), {kMilk, Written(row, {kA, 2}, "longer"), {}}, 2, {one, other});
  ASSERT_EQ(node_.hints.targets().size(), 2U);
  EXPECT_EQ(node_.hints.targets().at(one).rows(), 1U);
  EXPECT_EQ(node_.hints.targets().at(other).bytes(), node_.hints.total().bytes());
  node_.Sync();
  EXPECT_EQ(Reloaded().targets().at(one).bytes(), node_.hints.total().bytes());
  const PartitionKey partition = node_.hints.partitions().begin()->first;
  EXPECT_TRUE(node_.hints.Drop(node_.hints.Read(partition, {}, 1 << 20).front()));
  EXPECT_TRUE(node_.hints.targets().empty());
  EXPECT_EQ(node_.hints.total().rows(), 0U);
}

TEST_F(HintStoreTest, AHintThatHasChangedIsNotDropped) {
  const crdt::Row first = Written({}, {kA, 1}, "1");
  node_.hints.Keep(At(0), {kMilk, first, {}}, 2);
  node_.Sync();
  const auto read = node_.hints.Read(node_.PartitionOf(kMilk), {}, 1 << 20);
  ASSERT_EQ(read.size(), 1U);
  node_.hints.Keep(At(1), {kMilk, Written(first, {kA, 2}, "2"), {}}, 2);
  EXPECT_FALSE(node_.hints.Drop(read[0]));
  ASSERT_TRUE(Find());
  EXPECT_EQ(ValuesOf(Find()->row), (std::vector<Bytes>{"1", "2"}));
}

TEST_F(HintStoreTest, PagesGoOnWhereTheLastEnded) {
  const auto keys = KeysOfOnePartition(node_.ring, 5);
  for (const crdt::RowKey& key : keys) {
    node_.hints.Keep(At(0), {key, Written({}, {kA, 1}, "v"), {}}, 2);
  }
  node_.hints.Keep(At(0), {KeyOf("h", kHome), Written({}, {kA, 1}, "v"), {}}, 2);
  node_.Sync();
  std::set<Bytes> met;
  Bytes from;
  for (;;) {
    const auto page = node_.hints.Read(node_.PartitionOf(keys[0]), from, 1);
    if (page.empty()) break;
    EXPECT_EQ(page.size(), 1U);
    EXPECT_TRUE(met.insert(page[0].storage_key).second);
    from = page[0].storage_key + '\0';
  }
  EXPECT_EQ(met.size(), 5U);
}

TEST_F(HintStoreTest, WhatShowsAHintWaitsForItsSync) {
  node_.hints.Keep(At(0), {kMilk, Written({}, {kA, 1}, "v"), {}}, 2);
  EXPECT_NE(node_.hints.DurabilityOf(kMilk.token()), BatchId{});
  node_.Sync();
  EXPECT_EQ(node_.hints.DurabilityOf(kMilk.token()), BatchId{});
}

}  // namespace
}  // namespace meridian::local
