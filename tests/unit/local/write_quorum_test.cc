#include "local/write_quorum.h"

#include <gtest/gtest.h>

#include <set>

namespace meridian::local {
namespace {

using WriteVerdict = WriteQuorum::Verdict;

TEST(WriteQuorumTest, IsDecidedAtW) {
  WriteQuorum quorum({{1}, {2}, {3}}, 2);
  quorum.RecordAck({3});
  EXPECT_EQ(quorum.verdict(), WriteVerdict::kPending);
  quorum.RecordAck({1});
  EXPECT_EQ(quorum.verdict(), WriteVerdict::kAcked);
  EXPECT_EQ(quorum.waiting(), std::vector<NodeId>{{2}});
}

TEST(WriteQuorumTest, RepeatsAndStrangersDoNotCount) {
  WriteQuorum quorum({{1}, {2}, {3}}, 2);
  quorum.RecordAck({3});
  quorum.RecordAck({3});
  quorum.RecordAck({4});
  EXPECT_EQ(quorum.verdict(), WriteVerdict::kPending);
  EXPECT_EQ(quorum.acks(), 1U);
}

TEST(WriteQuorumTest, TheVerdictIsFinal) {
  WriteQuorum failed({{1}, {2}}, 2);
  failed.RecordAck({1});
  failed.RecordDeadline();
  failed.RecordAck({2});
  EXPECT_EQ(failed.verdict(), WriteVerdict::kFailed);
  EXPECT_EQ(failed.acks(), 2U);  // still counted

  WriteQuorum acked({{1}, {2}}, 1);
  acked.RecordAck({1});
  acked.RecordDeadline();
  EXPECT_EQ(acked.verdict(), WriteVerdict::kAcked);
}

TEST(WriteQuorumTest, AStandInsCopyCountsAndARefusalDoesNot) {
  WriteQuorum quorum({{1}, {2}, {3}}, 2);
  quorum.RecordAck({1});
  quorum.AddStandIn({4});
  quorum.RecordRefusal({4});
  EXPECT_EQ(quorum.acks(), 1U);
  EXPECT_TRUE(quorum.WasAsked({4}));
  EXPECT_EQ(quorum.waiting(), (std::vector<NodeId>{{2}, {3}}));
  quorum.RecordAck({4});  // of the time before it refused
  EXPECT_EQ(quorum.verdict(), WriteVerdict::kPending);
  EXPECT_FALSE(quorum.WasAsked({5}));
  quorum.AddStandIn({5});
  quorum.RecordAck({5});
  EXPECT_EQ(quorum.verdict(), WriteVerdict::kAcked);
}

TEST(WriteQuorumTest, WhileAPartitionMovesBothLayoutsNeedW) {
  WriteQuorum quorum({{1}, {2}, {3}}, 2);
  quorum.AlsoRequire({{1}, {4}, {5}});
  quorum.RecordAck({2});
  quorum.RecordAck({3});
  EXPECT_EQ(quorum.verdict(), WriteVerdict::kPending) << "none of the other layout";
  quorum.RecordAck({1});
  EXPECT_EQ(quorum.verdict(), WriteVerdict::kPending);
  quorum.RecordAck({4});
  EXPECT_EQ(quorum.verdict(), WriteVerdict::kAcked);
}

TEST(WriteQuorumTest, ANodeOfTheOtherLayoutAloneDoesNotCountForTheFirst) {
  WriteQuorum quorum({{1}, {2}, {3}}, 2);
  quorum.AlsoRequire({{3}, {4}, {5}});
  quorum.RecordAck({4});
  quorum.RecordAck({5});
  EXPECT_EQ(quorum.acks(), 0U);
  quorum.RecordAck({1});
  EXPECT_EQ(quorum.verdict(), WriteVerdict::kPending);
  quorum.RecordAck({2});
  EXPECT_EQ(quorum.verdict(), WriteVerdict::kAcked);
}

TEST(WriteQuorumTest, WhetherItCanStillBeMetCountsEachLayoutForItself) {
  WriteQuorum quorum({{1}, {2}, {3}}, 2);
  quorum.AlsoRequire({{3}, {4}, {5}});
  const auto with = [](std::set<NodeId> nodes) {
    return [nodes](NodeId node) { return nodes.contains(node); };
  };
  quorum.RecordAck({1});
  EXPECT_TRUE(quorum.CanBeMet(with({{2}, {4}, {5}})));
  EXPECT_TRUE(quorum.CanBeMet(with({{3}, {4}})));
  EXPECT_FALSE(quorum.CanBeMet(with({{4}, {5}}))) << "the other layout's nodes are not the first's";
  EXPECT_FALSE(quorum.CanBeMet(with({{2}, {3}}))) << "only one of the other layout's";
  quorum.AddStandIn({6});
  EXPECT_TRUE(quorum.CanBeMet(with({{6}, {4}}))) << "a stand-in is of both";
  quorum.RecordRefusal({6});
  EXPECT_FALSE(quorum.CanBeMet(with({{6}, {4}})));
  quorum.RecordAck({2});
  quorum.RecordAck({3});
  EXPECT_TRUE(quorum.CanBeMet(with({{5}})));
}

TEST(WriteQuorumTest, OfAnotherLayoutOnlyWhatItsPrimariesHoldCounts) {
  // 1 is no primary any more, 5 kept a hint and is one now, 6 keeps a hint still.
  WriteQuorum before({{1}, {2}, {3}}, 3);
  before.AddStandIn({5});
  before.AddStandIn({6});
  for (const NodeId node : std::vector<NodeId>{{1}, {2}, {5}}) before.RecordAck(node);
  WriteQuorum after({{2}, {3}, {5}}, 2);
  after.CarryOver(before, {2});
  EXPECT_EQ(after.verdict(), WriteVerdict::kPending);
  EXPECT_EQ(after.acked(), std::vector<NodeId>{{2}});
  EXPECT_EQ(after.waiting(), (std::vector<NodeId>{{3}, {5}})) << "a row is asked of 5 as well";

  before = WriteQuorum({{1}, {2}, {3}}, 3);
  before.AddStandIn({6});
  before.RecordAck({6});
  before.RecordAck({2});
  after = WriteQuorum({{2}, {3}, {5}}, 2);
  after.CarryOver(before, {2});
  EXPECT_EQ(after.verdict(), WriteVerdict::kAcked) << "a hint is one in either";
}

TEST(WriteQuorumTest, TheHintOfACoordinatorThatBecomesAPrimaryIsNoRow) {
  WriteQuorum before({{1}, {2}, {3}}, 2);
  before.AddStandIn({4});
  WriteQuorum stays({{1}, {2}, {5}}, 1);
  stays.CarryOver(before, {4});
  stays.RecordAck({4});
  EXPECT_EQ(stays.verdict(), WriteVerdict::kAcked) << "once its hint is durable";
  WriteQuorum gains({{1}, {2}, {4}}, 1);
  gains.CarryOver(before, {4});
  gains.RecordAck({4});
  EXPECT_EQ(gains.verdict(), WriteVerdict::kPending);
}

}  // namespace
}  // namespace meridian::local
