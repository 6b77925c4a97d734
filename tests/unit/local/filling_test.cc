#include "local/filling.h"

#include <gtest/gtest.h>

#include "support/moving_nodes.h"

namespace meridian::local {
namespace {

using std::chrono::milliseconds;

class FillingTest : public ::testing::Test {
 protected:
  // Until node 4 is filled, or for so many steps of 50 ms.
  void PassUntilDone(int steps) {
    for (int i = 0; i < steps && !nodes.at(4).filling.IsDone(); ++i) nodes.Pass(milliseconds(50));
  }
  std::size_t RowsWrittenTo4() {
    std::size_t rows = 0;
    for (int i = 0; i < kRows; ++i) {
      const crdt::RowKey key = KeyOf("key" + std::to_string(i));
      rows += nodes.at(4).node.ring.IsWritten(nodes.at(4).node.PartitionOf(key), {4}) ? 1U : 0U;
    }
    return rows;
  }

  static constexpr int kRows = 200;
  MovingNodes nodes;
};

TEST_F(FillingTest, PullsWhatOthersHaveAndIsDoneWhenSumsAgree) {
  nodes.Write(kRows);
  nodes.Adopt(nodes.view);
  EXPECT_FALSE(nodes.at(4).filling.IsDone());
  PassUntilDone(100);
  EXPECT_TRUE(nodes.at(4).filling.IsDone());
  const FillingFigures& figures = nodes.at(4).filling.figures();
  EXPECT_EQ(figures.partitions, 6U);
  EXPECT_EQ(nodes.at(4).node.disk.Count(Column::kData), RowsWrittenTo4());
  EXPECT_EQ(nodes.at(4).refill.Progress(nodes.now).rows, RowsWrittenTo4()) << "each came once";
  EXPECT_EQ(figures.sums_equal, 6U * 2) << "two of three sources";
  EXPECT_EQ(figures.sums_differ, 0U);
}

TEST_F(FillingTest, WhoGainsNothingIsDone) {
  nodes.Adopt(nodes.view);
  EXPECT_TRUE(nodes.at(1).filling.IsDone());
}

TEST_F(FillingTest, ASilentSourceIsReplacedByAnother) {
  nodes.Write(kRows);
  nodes.at(2).up = false;
  nodes.Adopt(nodes.view);
  PassUntilDone(400);
  EXPECT_TRUE(nodes.at(4).filling.IsDone());
}

TEST_F(FillingTest, OneSourceIsNotEnoughWhereAQuorumMayHaveWrittenToTheOthers) {
  nodes.Write(kRows);
  nodes.at(2).up = nodes.at(3).up = false;
  nodes.Adopt(nodes.view);
  PassUntilDone(400);
  EXPECT_FALSE(nodes.at(4).filling.IsDone());
}

TEST_F(FillingTest, ACopyThatDiffersKeepsItOpen) {
  nodes.Write(kRows);
  // The tree of node 1 says something else, and node 3 is away: both others must agree.
  for (const PartitionKey key : nodes.at(1).node.replica.log().partitions()) {
    nodes.at(1).node.replica.trees().Adopt(key, 0, 12345);
  }
  nodes.at(1).node.Sync();
  nodes.at(3).up = false;
  nodes.Adopt(nodes.view);
  PassUntilDone(200);
  EXPECT_FALSE(nodes.at(4).filling.IsDone());
  EXPECT_GT(nodes.at(4).filling.figures().sums_differ, 0U);
}

TEST_F(FillingTest, ASumThatNeverStandsStillPassesWhenNothingIsMissing) {
  nodes.Write(kRows);
  nodes.Adopt(nodes.view);
  // Node 4 has always seen one dot more, as of a key that is written all the time.
  std::uint64_t sequence = 1000;
  for (int i = 0; i < 3000 && !nodes.at(4).filling.IsDone(); ++i) {
    for (int key = 0; key < 8; ++key) {
      nodes.at(4).node.replica.Apply(
          {KeyOf("key" + std::to_string(key)), Written({}, {kB, ++sequence}, "hot"), {}});
    }
    nodes.Settle(4);
    nodes.Pass(milliseconds(20));
  }
  EXPECT_TRUE(nodes.at(4).filling.IsDone());
  EXPECT_GT(nodes.at(4).filling.figures().sums_unheld, 0U);
}

TEST_F(FillingTest, WhatItBringsIsNotReadUntilItIsVerified) {
  nodes.Write(kRows);
  nodes.Adopt(nodes.view);
  const PartitionLog& log = nodes.at(4).node.replica.log();
  EXPECT_EQ(log.partitions().size(), 6U);
  for (const PartitionKey key : log.partitions()) EXPECT_TRUE(log.IsFilling(key));
  PassUntilDone(100);
  for (const PartitionKey key : log.partitions()) EXPECT_FALSE(log.IsFilling(key));
}

TEST_F(FillingTest, WhatThisNodeHasLostIsBroughtByTheOthersWithoutAChange) {
  nodes.Write(kRows);
  MovingNodes::Member& second = nodes.at(2);
  for (const PartitionKey key : second.node.replica.log().partitions()) {
    second.node.replica.log().MarkFilling(key);
  }
  second.filling.Follow(nodes.now);
  EXPECT_TRUE(second.filling.LacksOwn());
  EXPECT_TRUE(second.filling.IsDone()) << "nothing is gained";
  for (int i = 0; i < 100 && second.filling.LacksOwn(); ++i) nodes.Pass(milliseconds(50));
  EXPECT_FALSE(second.filling.LacksOwn());
}

TEST_F(FillingTest, WhoLacksItItselfSaysNoSum) {
  nodes.Write(kRows);
  for (const std::uint32_t number : {1U, 2U}) {
    for (const PartitionKey key : nodes.at(number).node.replica.log().partitions()) {
      nodes.at(number).node.replica.log().MarkFilling(key);
    }
  }
  nodes.Adopt(nodes.view);
  nodes.at(3).up = false;
  PassUntilDone(200);
  EXPECT_FALSE(nodes.at(4).filling.IsDone());
}

}  // namespace
}  // namespace meridian::local
