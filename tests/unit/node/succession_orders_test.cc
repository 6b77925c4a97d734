#include <gtest/gtest.h>

#include "support/succession_ring.h"

namespace meridian::node {
namespace {

using local::Stage;
using std::chrono::seconds;
using test::SuccessionRing;

class SuccessionOrdersTest : public ::testing::Test {
 protected:
  static local::Topology WithNamespace(const std::string& name, std::uint64_t epoch) {
    local::Topology topology = SuccessionRing::WithNodes(3, epoch);
    topology.namespaces.push_back({{9}, name, {1}, local::Policy::kLww, local::Durability::kSync});
    return topology;
  }
  Status Ordered(std::uint32_t at, Operation operation, const local::Topology& next,
                 std::uint64_t version) {
    ring.Order(at, operation, next, version);
    ring.Run();
    for (int i = 0; i < 5 && !ring.answers.contains(at); ++i) ring.Pass(seconds(1));
    return ring.answers.at(at).status;
  }

  SuccessionRing ring{3};
};

TEST_F(SuccessionOrdersTest, ANewFileBecomesTheNextEpoch) {
  EXPECT_EQ(Ordered(2, Operation::kApply, WithNamespace("more", 2), 2), Status::kOk);
  for (const std::uint32_t number : {1U, 2U, 3U}) {
    EXPECT_NE(ring.members.at(number).ring->topology().FindNamespace("more"), nullptr) << number;
    EXPECT_EQ(ring.ViewOf(number).stage, Stage::kSettled) << number;
  }
}

TEST_F(SuccessionOrdersTest, OfTwoOperatorsOneWinsAndTheOtherIsTold) {
  ring.Order(1, Operation::kApply, WithNamespace("ours", 2), 2);
  ring.Order(3, Operation::kApply, WithNamespace("theirs", 2), 2);
  ring.Run();
  for (int i = 0; i < 10; ++i) ring.Pass(seconds(1));
  ASSERT_TRUE(ring.answers.contains(1) && ring.answers.contains(3));
  const bool first_won = ring.answers.at(1).status == Status::kOk;
  EXPECT_EQ(ring.answers.at(first_won ? 3 : 1).status, Status::kConflict);
  EXPECT_EQ(ring.answers.at(first_won ? 1 : 3).status, Status::kOk);
  for (const std::uint32_t number : {1U, 2U, 3U}) {
    EXPECT_EQ(ring.ViewOf(number).number, 2U);
    EXPECT_NE(ring.members.at(number).ring->topology().FindNamespace(first_won ? "ours" : "theirs"),
              nullptr);
  }
}

TEST_F(SuccessionOrdersTest, TheVersionMustBeTheNextOne) {
  EXPECT_EQ(Ordered(1, Operation::kApply, WithNamespace("more", 2), 3), Status::kConflict);
  EXPECT_EQ(Ordered(1, Operation::kApply, WithNamespace("more", 2), 1), Status::kConflict);
}

TEST_F(SuccessionOrdersTest, WhatIsWrongIsRefused) {
  local::Topology fewer = SuccessionRing::WithNodes(3, 2);
  fewer.partition_bits = 5;
  EXPECT_EQ(Ordered(1, Operation::kApply, fewer, 2), Status::kBadRequest);
  local::Topology copies = SuccessionRing::WithNodes(3, 2);
  copies.placements.front().replicas[{1}] = 2;
  EXPECT_EQ(Ordered(1, Operation::kApply, copies, 2), Status::kBadRequest);
  local::Topology same_epoch = SuccessionRing::WithNodes(3, 1);
  EXPECT_EQ(Ordered(1, Operation::kApply, same_epoch, 2), Status::kBadRequest);
}

TEST_F(SuccessionOrdersTest, APlacementThatIsAnotherIsRefused) {
  local::Topology next = SuccessionRing::WithNodes(3, 2);
  next.placements.back().id = {9};  // with as many copies in the same regions
  std::erase_if(next.namespaces, [&](const local::Namespace& space) {
    return next.FindPlacement(space.placement) == nullptr;
  });
  EXPECT_EQ(Ordered(1, Operation::kApply, next, 2), Status::kBadRequest);
}

TEST_F(SuccessionOrdersTest, AChangeIsTakenBackWhileItFills) {
  ring.Start(4, SuccessionRing::WithNodes(4, 2));
  ASSERT_EQ(Ordered(1, Operation::kApply, SuccessionRing::WithNodes(4, 2), 2), Status::kOk);
  EXPECT_EQ(Ordered(2, Operation::kTakeBack, {}, 3), Status::kOk);
  EXPECT_EQ(ring.ViewOf(1).layout.epoch(), Epoch{3});
  EXPECT_EQ(ring.ViewOf(1).stage, Stage::kSettled);
  EXPECT_EQ(ring.ViewOf(1).layout.tables, local::FirstView(ring.file, "").layout.tables);
  EXPECT_EQ(Ordered(2, Operation::kTakeBack, {}, 4), Status::kConflict) << "nothing is under way";
}

// Node 4 never came; 5 is to come instead.
TEST_F(SuccessionOrdersTest, AChangeThatFillsIsGivenUpForTheNextFile) {
  ASSERT_EQ(Ordered(1, Operation::kApply, SuccessionRing::WithNodes(4, 2), 2), Status::kOk);
  local::Topology next = SuccessionRing::WithNodes(5, 3);
  for (local::Region& region : next.regions) region.nodes.erase(region.nodes.begin() + 3);
  ring.Start(5, next);
  ASSERT_EQ(Ordered(2, Operation::kApply, next, 3), Status::kOk);
  ring.Pass(seconds(1));  // everybody has spoken in the view
  EXPECT_EQ(ring.ViewOf(1).stage, Stage::kFilling);
  EXPECT_EQ(ring.ViewOf(1).former->epoch(), Epoch{1});
  EXPECT_EQ(ring.ViewOf(5).number, 3U);
  EXPECT_EQ(ring.members.at(1).succession->Awaited(), std::vector<NodeId>{{5}});
  EXPECT_TRUE(ring.members.at(1).succession->HasSpoken({5}));
  ring.Progress(5, true, true);
  for (const std::uint32_t number : {1U, 2U, 3U}) ring.Progress(number, true, true);
  for (int i = 0; i < 5; ++i) ring.Pass(seconds(1));
  EXPECT_EQ(ring.ViewOf(2).stage, Stage::kSettled);
  EXPECT_EQ(ring.ViewOf(2).layout.epoch(), Epoch{3});
}

TEST_F(SuccessionOrdersTest, ANodeThatIsGivenUpIsToldWhenItIsUp) {
  ring.Start(4, SuccessionRing::WithNodes(4, 2));
  ASSERT_EQ(Ordered(1, Operation::kApply, SuccessionRing::WithNodes(4, 2), 2), Status::kOk);
  ASSERT_EQ(ring.ViewOf(4).number, 2U);
  local::Topology next = SuccessionRing::WithNodes(5, 3);
  for (local::Region& region : next.regions) region.nodes.erase(region.nodes.begin() + 3);
  ASSERT_EQ(Ordered(2, Operation::kApply, next, 3), Status::kOk);
  EXPECT_EQ(ring.ViewOf(4).number, 3U);
  EXPECT_FALSE(ring.members.at(4).ring->HasSelf());
}

// What node 1 has to hand on may be for a dead one, which this next change takes out.
TEST_F(SuccessionOrdersTest, AMemberThatStillHandsOnHoldsNoFurtherChangeUpButOneThatLeavesDoes) {
  ASSERT_EQ(Ordered(1, Operation::kApply, WithNamespace("more", 2), 2), Status::kOk);
  for (const std::uint32_t number : {1U, 2U, 3U}) ring.Progress(number, true, number != 1);
  ASSERT_EQ(Ordered(2, Operation::kApply, WithNamespace("other", 3), 3), Status::kOk);

  ring.Start(4, SuccessionRing::WithNodes(4, 4));
  ASSERT_EQ(Ordered(2, Operation::kApply, SuccessionRing::WithNodes(4, 4), 4), Status::kOk);
  for (int i = 0; i < 5; ++i) ring.Pass(seconds(1));
  for (std::uint32_t number = 1; number <= 4; ++number) ring.Progress(number, true, true);
  for (int i = 0; i < 5; ++i) ring.Pass(seconds(1));
  ASSERT_EQ(ring.ViewOf(2).stage, Stage::kSettled);
  for (std::uint32_t number = 1; number <= 4; ++number) ring.Progress(number, true, true);
  ASSERT_EQ(Ordered(2, Operation::kApply, SuccessionRing::WithNodes(3, 5), 5), Status::kOk);
  for (int i = 0; i < 5; ++i) ring.Pass(seconds(1));
  for (std::uint32_t number = 1; number <= 4; ++number) ring.Progress(number, true, false);
  for (int i = 0; i < 9; ++i) ring.Pass(seconds(1));
  for (std::uint32_t number = 1; number <= 4; ++number) ring.Progress(number, true, number != 4);
  ASSERT_EQ(ring.ViewOf(2).stage, Stage::kSettled);
  EXPECT_EQ(Ordered(2, Operation::kApply, WithNamespace("more", 6), 6), Status::kConflict)
      << "node 4 would be no peer any more";

  // Nor a change that another region has decided.
  const local::Topology fifth = WithNamespace("more", 6);
  local::Layout layout = ring.ViewOf(2).layout;
  layout.topology = fifth;
  ring.members.at(2).succession->OnLayout(ring.now, {layout});
  ring.Settle(2);
  for (int i = 0; i < 3; ++i) ring.Pass(seconds(1));
  EXPECT_EQ(ring.ViewOf(2).layout.epoch(), Epoch{5});
  ring.Progress(4, true, true);
  ring.members.at(2).succession->OnLayout(ring.now, {layout});
  ring.Settle(2);
  for (int i = 0; i < 3; ++i) ring.Pass(seconds(1));
  EXPECT_EQ(ring.ViewOf(2).layout.epoch(), Epoch{6});
}

// Its hardware may have failed, which is why it left.
TEST_F(SuccessionOrdersTest, ANodeThatLeftAndDiedBeforeItHadHandedOnHoldsNothingUpForLong) {
  ring.Start(4, SuccessionRing::WithNodes(4, 2));
  ASSERT_EQ(Ordered(2, Operation::kApply, SuccessionRing::WithNodes(4, 2), 2), Status::kOk);
  const auto go_on = [&](int turns) {
    for (int i = 0; i < turns; ++i) ring.Pass(seconds(1));
  };
  go_on(5);
  for (std::uint32_t number = 1; number <= 4; ++number) ring.Progress(number, true, true);
  go_on(5);
  for (std::uint32_t number = 1; number <= 4; ++number) ring.Progress(number, true, true);
  ASSERT_EQ(Ordered(2, Operation::kApply, SuccessionRing::WithNodes(3, 3), 3), Status::kOk);
  go_on(5);
  for (std::uint32_t number = 1; number <= 3; ++number) ring.Progress(number, true, true);
  go_on(5);
  ASSERT_EQ(ring.ViewOf(2).stage, Stage::kSettled);
  for (std::uint32_t number = 1; number <= 3; ++number) ring.Progress(number, true, true);
  ring.Progress(4, true, false);
  ring.members.at(4).up = false;
  EXPECT_EQ(Ordered(2, Operation::kApply, WithNamespace("more", 4), 4), Status::kConflict)
      << "it may be about to speak again";
  EXPECT_TRUE(ring.members.at(2).succession->HasSpoken({4}));
  go_on(25);
  for (std::uint32_t number = 1; number <= 3; ++number) {
    ring.members.at(number).succession->Heard(ring.now, local::NodeOf(4));
  }
  go_on(25);
  EXPECT_TRUE(ring.members.at(2).succession->HasSpoken({4})) << "it says other things";
  go_on(10);
  EXPECT_FALSE(ring.members.at(2).succession->HasSpoken({4}));
  EXPECT_TRUE(ring.members.at(2).succession->Awaited().empty());
  EXPECT_EQ(Ordered(2, Operation::kApply, WithNamespace("more", 4), 4), Status::kOk);
}

TEST_F(SuccessionOrdersTest, WithoutMostNodesAnOperatorHearsThatItIsOpen) {
  ring.members.at(2).up = ring.members.at(3).up = false;
  ring.Order(1, Operation::kApply, WithNamespace("more", 2), 2);
  for (int i = 0; i < 12; ++i) ring.Pass(seconds(1));
  ASSERT_TRUE(ring.answers.contains(1));
  EXPECT_EQ(ring.answers.at(1).status, Status::kTimeout);
  EXPECT_TRUE(ring.answers.at(1).maybe);
}

}  // namespace
}  // namespace meridian::node
