#include "local/read_repair.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

class ReadRepairTest : public testing::Test {
 protected:
  static constexpr NodeId kSelf{1}, kOther{2};
  const crdt::RowKey key_ = KeyOf("milk");
  const crdt::Row row_ = Written({}, {kA, 1}, "v");
  LocalNode node_{1};
  ReadRepair repair_{node_.ring, node_.turn, node_.replica};
};

TEST_F(ReadRepairTest, IsDueInTheNextTurnAndNotInThisOne) {
  EXPECT_EQ(repair_.NextDeadline(), kNever);
  repair_.Later(At(5).monotonic, key_, row_, {kSelf, kOther});
  EXPECT_GT(repair_.NextDeadline(), At(5).monotonic);
  EXPECT_LT(repair_.NextDeadline(), At(6).monotonic);
  repair_.Tick(At(5).monotonic);
  EXPECT_TRUE(node_.End().messages.empty());
  repair_.Tick(At(6).monotonic);
  const auto sent = SentOf<Replicate>(node_.End());
  ASSERT_EQ(NumbersOf(sent), std::vector<std::uint32_t>{2});
  EXPECT_EQ(sent[0].message.id, 0U) << "no answer is wanted";
  EXPECT_EQ(sent[0].message.patience.left_ms, 0U) << "nobody waits, so it is never too late";
  EXPECT_EQ(node_.Read(key_), row_);
  EXPECT_EQ(repair_.counters().repaired, 2U);
  EXPECT_EQ(repair_.NextDeadline(), kNever);
}

TEST_F(ReadRepairTest, NobodyStaleIsNothingToDo) {
  repair_.Later(At(5).monotonic, key_, row_, {});
  EXPECT_EQ(repair_.NextDeadline(), kNever);
}

TEST_F(ReadRepairTest, WhatExceedsTheBoundIsLeftToCatchUp) {
  for (int i = 0; i < 1030; ++i) repair_.Later(At(5).monotonic, key_, row_, {kOther});
  EXPECT_EQ(repair_.counters().dropped, 6U);
  repair_.Tick(At(6).monotonic);
  EXPECT_EQ(repair_.counters().repaired, 1024U);
  const crdt::Row large = Written({}, {kA, 1}, Bytes(9 << 20, 'x'));
  for (int i = 0; i < 3; ++i) repair_.Later(At(7).monotonic, key_, large, {kOther});
  EXPECT_EQ(repair_.counters().dropped, 7U);
}

}  // namespace
}  // namespace meridian::local
