#include "local/view.h"

#include <gtest/gtest.h>

#include "local/ring.h"
#include "support/local_node.h"

namespace meridian::local {
namespace {

Layout LayoutOf(std::uint64_t epoch, std::uint32_t nodes, const Layout* before = nullptr) {
  Layout layout;
  layout.topology = SmallTopology(nodes);
  layout.topology.epoch = {epoch};
  for (const Region& region : layout.topology.regions) {
    const PartitionTable* table = before == nullptr ? nullptr : &before->tables.at(region.id);
    layout.tables.emplace(region.id, PartitionTable::Build(layout.topology, region.id, table));
  }
  return layout;
}

TEST(ViewTest, AChangeThatMovesSomethingGoesThroughThreeSteps) {
  const View first = FirstView(SmallTopology(3), "file");
  const auto filling = ViewForLayout(first, {1}, LayoutOf(2, 5, &first.layout));
  ASSERT_TRUE(filling);
  EXPECT_EQ(filling->number, 2U);
  EXPECT_EQ(filling->stage, Stage::kFilling);
  EXPECT_EQ(filling->former->epoch(), Epoch{1});
  const View switched = NextStep(*filling);
  EXPECT_EQ(switched.stage, Stage::kSwitched);
  const View settled = NextStep(switched);
  EXPECT_EQ(settled.stage, Stage::kSettled);
  EXPECT_EQ(settled.number, 4U);
  EXPECT_EQ(settled.layout.epoch(), Epoch{2});
}

TEST(ViewTest, AChangeThatMovesNothingIsSettledAtOnce) {
  const View first = FirstView(SmallTopology(3), "file");
  const auto after = ViewForLayout(first, {1}, LayoutOf(2, 3, &first.layout));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->stage, Stage::kSettled);
}

// It will have a vote: what is decided next must not wait for one that never started.
TEST(ViewTest, WhoComesWithoutAnythingToHoldIsWaitedFor) {
  const View first = FirstView(SmallTopology(3), "file");
  Layout next = LayoutOf(2, 4, &first.layout);
  next.topology.regions[0].nodes[3].weight = 0;
  next.tables = first.layout.tables;
  const auto after = ViewForLayout(first, {1}, std::move(next));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->stage, Stage::kFilling);
}

TEST(ViewTest, AChangeThatFillsIsGivenUpForAnotherAndReadsStayWhereTheyAre) {
  const View first = FirstView(SmallTopology(3), "file");
  const View filling = *ViewForLayout(first, {1}, LayoutOf(2, 5, &first.layout));
  const auto other = ViewForLayout(filling, {1}, LayoutOf(3, 4, &first.layout));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->number, 3U);
  EXPECT_EQ(other->stage, Stage::kFilling);
  EXPECT_EQ(other->former->epoch(), Epoch{1}) << "where all rows are";
  EXPECT_EQ(other->layout.epoch(), Epoch{3});
  EXPECT_EQ(ServingLayout(*other).epoch(), Epoch{1});
  EXPECT_FALSE(ViewForLayout(NextStep(filling), {1}, LayoutOf(3, 4, &first.layout)))
      << "reads have moved";
  EXPECT_EQ(ServingLayout(NextStep(filling)).epoch(), Epoch{2});
}

TEST(ViewTest, TheFormerLayoutIsSettledAtOnceWhileTheChangeFills) {
  const View first = FirstView(SmallTopology(3), "file");
  const View filling = *ViewForLayout(first, {1}, LayoutOf(2, 5, &first.layout));
  Layout back = *filling.former;
  back.topology.epoch = {3};
  const auto taken_back = ViewForLayout(filling, {1}, back);
  ASSERT_TRUE(taken_back);
  EXPECT_EQ(taken_back->stage, Stage::kSettled) << "reads never left the former nodes";
  EXPECT_FALSE(ViewForLayout(NextStep(filling), {1}, back)) << "reads have moved";
}

TEST(ViewTest, ReadsBackAsItWasWritten) {
  const View first = FirstView(SmallTopology(3), "file");
  const View view = *ViewForLayout(first, {1}, LayoutOf(2, 5, &first.layout));
  const Bytes bytes = Encode(view);
  const auto back = Decode<View>(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(Encode(*back), bytes);
  EXPECT_EQ(back->layout.tables, view.layout.tables);
  EXPECT_TRUE(IsUsableIn(*back, {1}));
  EXPECT_FALSE(IsUsableIn(*back, {3})) << "there is no such region";
}

TEST(ViewTest, ATableThatDoesNotFitItsTopologyIsNotUsable) {
  View view = FirstView(SmallTopology(3), "file");
  view.layout.topology.partition_bits = 3;
  EXPECT_FALSE(IsUsableIn(view, {1}));
}

}  // namespace
}  // namespace meridian::local
