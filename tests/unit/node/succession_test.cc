#include "node/succession.h"

#include <gtest/gtest.h>

#include "support/succession_ring.h"

namespace meridian::node {
namespace {

using local::Stage;
using std::chrono::seconds;
using test::SuccessionRing;

class SuccessionTest : public ::testing::Test {
 protected:
  // Node 4 comes: its partitions are to be filled.
  void ApplyFourth() {
    ring.Start(4, SuccessionRing::WithNodes(4, 2));
    ring.Order(1, Operation::kApply, SuccessionRing::WithNodes(4, 2), 2);
    ring.Run();
    ring.Pass(seconds(1));
    ring.Pass(seconds(1));
  }

  SuccessionRing ring{3};
};

TEST_F(SuccessionTest, ANewSystemBeginsWithTheFirstView) {
  EXPECT_EQ(ring.ViewOf(1).number, 1U);
  EXPECT_TRUE(ring.members.at(1).ring->IsKnown());
}

TEST_F(SuccessionTest, AJoinerWaitsUntilItIsTold) {
  ring.Start(4, SuccessionRing::WithNodes(4, 2));
  ring.Pass(seconds(1));
  EXPECT_FALSE(ring.members.at(4).ring->HasSelf()) << "it knows the ring, and is no member";
  ApplyFourth();
  EXPECT_EQ(ring.ViewOf(4).number, 2U);
  EXPECT_EQ(ring.ViewOf(4).stage, Stage::kFilling);
}

TEST_F(SuccessionTest, StepsFollowWhenWhatTheyWaitForIsDone) {
  ApplyFourth();
  ring.Pass(seconds(5));
  EXPECT_EQ(ring.ViewOf(1).stage, Stage::kFilling) << "node 4 is not filled";
  ring.Progress(4, true, true);
  for (int i = 0; i < 5; ++i) ring.Pass(seconds(1));
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) {
    EXPECT_EQ(ring.ViewOf(number).number, 4U) << number;
    EXPECT_EQ(ring.ViewOf(number).stage, Stage::kSettled) << number;
  }
  EXPECT_EQ(ring.members.at(1).succession->Awaited().size(), 4U) << "they hand on";
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) ring.Progress(number, true, true);
  EXPECT_TRUE(ring.members.at(1).succession->Awaited().empty());
}

TEST_F(SuccessionTest, ANodeOfWeightZeroHasNoVoteBeforeItIsThere) {
  local::Topology four = SuccessionRing::WithNodes(4, 2);
  four.regions[0].nodes[3].weight = 0;
  ring.Order(1, Operation::kApply, four, 2);
  ring.Run();
  for (int i = 0; i < 5; ++i) ring.Pass(seconds(1));
  EXPECT_EQ(ring.ViewOf(1).stage, Stage::kFilling);
  EXPECT_EQ(ring.members.at(1).succession->Awaited(), std::vector<NodeId>{{4}});
  ring.Start(4, four);
  ring.Pass(seconds(1));
  ring.Progress(4, true, true);
  for (int i = 0; i < 5; ++i) ring.Pass(seconds(1));
  EXPECT_EQ(ring.ViewOf(1).stage, Stage::kSettled);
}

TEST_F(SuccessionTest, WhatWasDecidedOutlivesEverybody) {
  ApplyFourth();
  ring.letters.clear();
  for (const std::uint32_t number : {1U, 2U, 3U}) ring.Start(number, ring.file);
  ring.Start(4, SuccessionRing::WithNodes(4, 2));
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) {
    EXPECT_EQ(ring.ViewOf(number).number, 2U) << number;
    EXPECT_EQ(ring.members.at(number).ring->stage(), Stage::kFilling) << number;
  }
  ring.Progress(4, true, true);
  for (int i = 0; i < 5; ++i) ring.Pass(seconds(1));
  EXPECT_EQ(ring.ViewOf(2).stage, Stage::kSettled) << "the change went on";
}

TEST_F(SuccessionTest, WhoMissedItLearnsFromAnybody) {
  ring.members.at(3).up = false;
  ApplyFourth();
  ring.members.at(3).up = true;
  EXPECT_EQ(ring.ViewOf(3).number, 1U);
  ring.Pass(seconds(1));
  EXPECT_EQ(ring.ViewOf(3).number, 2U);
}

TEST_F(SuccessionTest, AMessageOfAnotherViewIsNotAcceptedAndItsSenderIsTold) {
  ApplyFourth();
  ring.Pass(seconds(1));
  Succession& node = *ring.members.at(1).succession;
  EXPECT_TRUE(node.Accept(ring.now, local::NodeOf(2), 2));
  EXPECT_FALSE(node.Accept(ring.now, local::NodeOf(2), 1));
  EXPECT_EQ(local::SentOf<local::ViewTold>(ring.members.at(1).turn->Take()).size(), 1U);
  EXPECT_FALSE(node.Accept(ring.now, local::NodeOf(3), 9));
  EXPECT_EQ(local::SentOf<local::ViewAsk>(ring.members.at(1).turn->Take()).size(), 1U);
  EXPECT_EQ(node.stale_messages(), 2U);
}

TEST_F(SuccessionTest, ALayoutFromAnotherRegionIsTakenUp) {
  local::Layout layout;
  layout.topology = SuccessionRing::WithNodes(3, 5);
  for (const local::Region& region : layout.topology.regions) {
    layout.tables.emplace(region.id, local::PartitionTable::Build(layout.topology, region.id));
  }
  ring.members.at(2).succession->OnLayout(ring.now, {layout});
  ring.Settle(2);
  ring.Run();
  EXPECT_EQ(ring.ViewOf(3).layout.epoch(), Epoch{5});
  EXPECT_EQ(ring.ViewOf(3).number, 2U);
}

}  // namespace
}  // namespace meridian::node
