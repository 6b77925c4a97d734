// Puts in flight while the ring becomes another one.

#include <gtest/gtest.h>

#include "support/coordinator_fixture.h"

namespace meridian::local {
namespace {

using PutViewsTest = CoordinatorFixture;

// From three nodes to four, as the second epoch.
Layout FourNodes(const View& former) {
  return LayoutAfter(former, SmallTopology(4));
}

TEST_F(PutViewsTest, ANewViewAsksWhoHasNotAnsweredAndWhoIsNew) {
  coordinator_.Put(At(0), PutOf("v"));
  const auto asked = SentOf<Replicate>(Sync());
  ASSERT_EQ(asked.size(), 2U);
  // From three nodes to four, so that node 4 gains the key's partition or does not.
  const View first = FirstView(SmallTopology(), "");
  node_.ring.Adopt(*ViewForLayout(first, {1}, FourNodes(first)));
  coordinator_.FollowView(At(1));
  const auto again = SentOf<Replicate>(node_.End());
  std::vector<std::uint32_t> expected{2, 3};
  if (node_.ring.AlsoWrittenTo(node_.PartitionOf(kMilk)) != nullptr) expected.push_back(4);
  EXPECT_EQ(NumbersOf(again), expected);
  EXPECT_EQ(again.at(0).message.id, asked.at(0).message.id) << "the same put";
  EXPECT_TRUE(Undecided());
  for (const std::uint32_t number : expected) Ack(number, asked.at(0).message.id);
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
}

TEST_F(PutViewsTest, ACopyOfANodeThatLeavesThePartitionIsNoneForTheNewView) {
  View view = FirstView(SmallTopology(), "");
  view = *ViewForLayout(view, {1}, FourNodes(view));
  node_.ring.Adopt(view);
  // A key that node 4 gains from 2 or 3.
  crdt::RowKey key = kMilk;
  const PreferenceList* also = nullptr;
  for (int i = 0; i < 1000 && also == nullptr; ++i) {
    key = KeyOf("key" + std::to_string(i));
    also = node_.ring.AlsoWrittenTo(node_.PartitionOf(key));
    if (also != nullptr && !also->IsPrimary({1})) also = nullptr;
  }
  ASSERT_NE(also, nullptr);
  const std::uint32_t leaves = also->IsPrimary({2}) ? 3 : 2;
  node_.ring.Adopt(view = NextStep(view));
  ASSERT_EQ(view.stage, Stage::kSwitched);
  coordinator_.Put(At(0), PutOf("v", {}, 2, key));
  const std::uint64_t id = SentOf<Replicate>(Sync()).at(0).message.id;
  Ack(leaves, id);
  EXPECT_TRUE(Undecided()) << "one of the new primaries";
  node_.ring.Adopt(NextStep(view));
  coordinator_.FollowView(At(1));
  EXPECT_TRUE(Undecided()) << "still one";
  Ack(4, id);
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
}

TEST_F(PutViewsTest, APutOfANamespaceThatIsTakenAwayEndsOpen) {
  coordinator_.Put(At(0), PutOf("v"));
  Layout next;
  next.topology = SmallTopology();
  next.topology.epoch = {2};
  next.topology.namespaces.clear();
  const View first = FirstView(SmallTopology(), "");
  next.tables = first.layout.tables;
  node_.ring.Adopt(*ViewForLayout(first, {1}, next));
  coordinator_.FollowView(At(1));
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kTimedOut);
}

}  // namespace
}  // namespace meridian::local
