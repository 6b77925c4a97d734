#include "local/rebuild_check.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "support/local_node.h"

namespace meridian::local {
namespace {

class RebuildCheckTest : public ::testing::Test {
 protected:
  void Write(std::uint64_t number) {
    const crdt::RowKey key = KeyOf("key" + std::to_string(number % 200));
    const crdt::Row stored = node.Read(key);
    node.replica.Apply({key, Written(stored, {kA, number}, "v", stored.context), {}});
  }
  RebuildCheckTest() {
    for (std::uint64_t number = 1; number <= 200; ++number) Write(number);
    node.Sync();
    check.Start(At(0));
  }
  LocalNode node{1};
  RebuildCheck check{node.ring, node.turn, node.replica, {10, 1'000'000, std::chrono::seconds(1)}};
};

TEST_F(RebuildCheckTest, ReadsSomeRowsAnIntervalAndBeginsAnew) {
  check.Tick(At(500));
  EXPECT_EQ(check.rows_read(), 0U);
  check.Tick(At(1000));
  EXPECT_EQ(check.rows_read(), 10U);
  for (int second = 2; check.passes() < 2; ++second) {
    ASSERT_LT(second, 1000);
    check.Tick(At(1000 * second));
  }
  EXPECT_EQ(check.rows_read(), 400U);
  EXPECT_TRUE(check.TakeDeviating().empty());
}

TEST_F(RebuildCheckTest, WhatIsWrittenMeanwhileIsNoDeviation) {
  Random random(1);
  std::uint64_t number = 200;
  for (int second = 1; check.passes() < 5; ++second) {
    check.Tick(At(1000 * second));
    for (std::uint64_t i = random.Below(10); i > 0; --i) Write(++number);
    if (random.OneIn(2)) node.Sync();
  }
  EXPECT_TRUE(check.TakeDeviating().empty());
}

TEST_F(RebuildCheckTest, AnAlteredRowIsFoundInAHurry) {
  const crdt::RowKey key = KeyOf("key77");
  node.disk.Apply(
      {{},
       {{Column::kData, crdt::StorageKey(key), crdt::EncodeRow(Written({}, {kA, 77}, "rotten"))}}});
  check.Hurry(At(0));
  while (check.hurries()) check.Tick(At(0));
  EXPECT_EQ(check.rows_read(), 200U);
  const auto found = check.TakeDeviating();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, node.PartitionOf(key));
  EXPECT_EQ(found[0].leaf, crdt::LeafOf(key.token(), 2));
}

// Partitions that move away, and come, while one behind them is being read.
TEST_F(RebuildCheckTest, KeepsItsPlaceWhenPartitionsComeAndGo) {
  check.Hurry(At(0));
  while (check.partitions_done() < 2) check.Tick(At(0));
  const PartitionKey first = node.replica.log().partitions().front();
  node.replica.log().Forget(first);
  check.Tick(At(0));
  node.replica.log().Add(first);
  while (check.hurries()) check.Tick(At(0));
  EXPECT_TRUE(check.TakeDeviating().empty());
  EXPECT_EQ(check.rows_read(), 200U);
}

TEST_F(RebuildCheckTest, BytesThatAreNoRowAreFound) {
  node.disk.Apply({{}, {{Column::kData, crdt::StorageKey(KeyOf("key5")), "garbage"}}});
  check.Hurry(At(0));
  while (check.hurries()) check.Tick(At(0));
  EXPECT_EQ(check.TakeDeviating().size(), 1U);
}

}  // namespace
}  // namespace meridian::local
