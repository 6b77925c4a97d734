#include "local/handing_on.h"

#include <gtest/gtest.h>

#include "support/moving_nodes.h"

namespace meridian::local {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HandingOnTest : public ::testing::Test {
 protected:
  // All through the steps of the change; node 4 is filled.
  void MoveAll(int rows = kRows) {
    nodes.Write(rows);
    nodes.Adopt(nodes.view);
    for (int i = 0; i < 100 && !nodes.at(4).filling.IsDone(); ++i) nodes.Pass(milliseconds(50));
    ASSERT_TRUE(nodes.at(4).filling.IsDone());
    nodes.Adopt(NextStep(nodes.view));
    nodes.Adopt(NextStep(nodes.view));
  }
  void PassUntilDone() {
    for (int i = 0; i < 100; ++i) nodes.Pass(milliseconds(100));
  }
  std::size_t ForeignRowsOf(std::uint32_t number) {
    std::size_t rows = 0;
    LocalNode& node = nodes.at(number).node;
    static_cast<void>(node.disk.Scan(Column::kData, {}, {}, [&](const Entry& entry) {
      const crdt::RowKey key = *crdt::ParseStorageKey(entry.key);
      rows += node.ring.IsMine(node.PartitionOf(key)) ? 0U : 1U;
      return true;
    }));
    return rows;
  }

  static constexpr int kRows = 200;
  MovingNodes nodes;
};

TEST_F(HandingOnTest, WhatOthersHoldIsErasedHere) {
  MoveAll();
  std::size_t leaving = 0;
  for (const std::uint32_t number : {1U, 2U, 3U}) {
    leaving += nodes.at(number).handing_on.partitions();
  }
  EXPECT_EQ(leaving, 6U);
  PassUntilDone();
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) {
    EXPECT_TRUE(nodes.at(number).handing_on.IsDone()) << number;
    EXPECT_EQ(ForeignRowsOf(number), 0U) << number;
    for (const PartitionKey key : nodes.at(number).node.replica.log().partitions()) {
      EXPECT_TRUE(nodes.at(number).node.ring.IsMine(key));
    }
  }
}

// What a full disk does not take is kept in memory.
TEST_F(HandingOnTest, NoMoreIsErasedBeforeTheLastIsOnDisk) {
  MoveAll(4000);
  const std::size_t all = ForeignRowsOf(1);
  for (int i = 0; i < 100 && ForeignRowsOf(1) == all; ++i) nodes.Pass(milliseconds(25));
  ASSERT_LT(ForeignRowsOf(1), all);
  const auto tick = [&] {
    nodes.now.monotonic += milliseconds(25);
    nodes.at(1).handing_on.Tick(nodes.now);
    nodes.at(1).node.End();
    EXPECT_GT(nodes.at(1).handing_on.NextDeadline(), nodes.now.monotonic);
    return ForeignRowsOf(1);
  };
  const std::size_t left = tick();
  ASSERT_GT(left, 0U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(tick(), left);
  nodes.at(1).node.Sync();
  EXPECT_LT(tick(), left);
}

TEST_F(HandingOnTest, NothingIsErasedBeforeAQuorumHoldsAllOfIt) {
  MoveAll();
  // A row that only this node has, of a partition it has to leave.
  std::uint32_t who = 0;
  crdt::RowKey key;
  for (int i = 0; who == 0; ++i) {
    key = KeyOf("late" + std::to_string(i));
    for (const std::uint32_t number : {1U, 2U, 3U}) {
      const PartitionKey partition = nodes.at(number).node.PartitionOf(key);
      if (nodes.at(number).handing_on.IsLeaving(partition)) who = number;
    }
  }
  MovingNodes::Member& leaver = nodes.at(who);
  leaver.node.replica.ApplyOver(crdt::StorageKey(key), {}, {key, Written({}, {kB, 7}, "late"), {}},
                                key.token());
  nodes.Settle(who);
  std::vector<std::uint32_t> owners;
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) {
    if (nodes.at(number).node.ring.IsMine(leaver.node.PartitionOf(key))) owners.push_back(number);
  }
  nodes.at(owners[0]).up = nodes.at(owners[1]).up = false;
  PassUntilDone();
  EXPECT_FALSE(leaver.handing_on.IsDone());
  EXPECT_FALSE(leaver.node.Read(key).versions.empty());
  nodes.at(owners[0]).up = nodes.at(owners[1]).up = true;
  PassUntilDone();
  EXPECT_TRUE(leaver.handing_on.IsDone());
  EXPECT_TRUE(leaver.node.Read(key).versions.empty());
  std::size_t held = 0;
  for (const std::uint32_t owner : owners) {
    held += nodes.at(owner).node.Read(key).versions.empty() ? 0U : 1U;
  }
  EXPECT_GE(held, 2U);
}

TEST_F(HandingOnTest, AnErasureGoesOnAfterARestart) {
  MoveAll();
  nodes.Pass(seconds(2));
  std::uint32_t who = 1;
  while (nodes.at(who).handing_on.IsDone()) ++who;
  LocalNode again(who, nodes.at(who).node.disk, SmallTopology(3));
  Ring ring = Ring::Unknown(SmallTopology(3), NodeOf(who));
  ring.Adopt(nodes.view);
  Turn turn(NodeOf(who), again.disk);
  Replica replica(ring, turn);
  HandingOn handing_on(ring, turn, replica, {});
  handing_on.Load();
  replica.Start();
  handing_on.FollowView(nodes.now);
  EXPECT_FALSE(handing_on.IsDone());
}

TEST_F(HandingOnTest, WhatIsGivenUpTakesNothingIn) {
  MoveAll();
  for (int i = 0; i < 50; ++i) {
    const crdt::RowKey key = KeyOf("more" + std::to_string(i));
    for (const std::uint32_t number : {1U, 2U, 3U}) {
      LocalNode& node = nodes.at(number).node;
      const bool taken = node.replica.Apply({key, Written({}, {kB, 9}, "x"), {}});
      EXPECT_EQ(taken, node.ring.IsMine(node.PartitionOf(key)));
    }
  }
}

}  // namespace
}  // namespace meridian::local
