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

TEST_F(SuccessionOrdersTest, AChangeIsTakenBackWhileItFills) {
  ring.Start(4, SuccessionRing::WithNodes(4, 2));
  ASSERT_EQ(Ordered(1, Operation::kApply, SuccessionRing::WithNodes(4, 2), 2), Status::kOk);
  EXPECT_EQ(Ordered(2, Operation::kApply, WithNamespace("more", 3), 3), Status::kConflict)
      << "a change is under way";
  EXPECT_EQ(Ordered(2, Operation::kTakeBack, {}, 3), Status::kOk);
  EXPECT_EQ(ring.ViewOf(1).layout.epoch(), Epoch{3});
  EXPECT_EQ(ring.ViewOf(1).stage, Stage::kSettled);
  EXPECT_EQ(ring.ViewOf(1).layout.tables, local::FirstView(ring.file, "").layout.tables);
  EXPECT_EQ(Ordered(2, Operation::kTakeBack, {}, 4), Status::kConflict) << "nothing is under way";
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
