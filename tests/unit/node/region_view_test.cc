#include "node/region_view.h"

#include <gtest/gtest.h>

#include "support/three_regions.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

constexpr local::PartitionKey kPartition{kEverywhere, {0}};

// Three nodes, so that each is a primary of every partition.
class RegionViewTest : public ::testing::Test {
 protected:
  local::Ring ring{ThreeRegions(3), Gateway(kUs)};
  RegionView view{ring};

  void Report(std::uint32_t node, std::uint64_t last, std::uint64_t number = 1,
              std::uint64_t since = 0, std::uint64_t life = 1) {
    local::SeenReport report{life, since, number, {1}, {}};
    if (last != 0) report.partitions = {{kPartition, Seen(kA, 1, last)}};
    view.OnReport({node}, report);
  }
};

TEST_F(RegionViewTest, IsConcernedWithWhatOtherRegionsHoldToo) {
  ASSERT_EQ(view.partitions().size(), 4U);
  EXPECT_EQ(view.partitions().front(), kPartition);
}

TEST_F(RegionViewTest, IsReadyOnceAQuorumOfEveryPartitionHasReported) {
  EXPECT_FALSE(view.ready());
  Report(1, 5);
  EXPECT_FALSE(view.ready());
  Report(1, 6, 2, 1);
  EXPECT_FALSE(view.ready()) << "the same node again";
  Report(2, 0);
  EXPECT_TRUE(view.ready());
}

TEST_F(RegionViewTest, AReportThatBuildsOnAnotherIsNoReport) {
  Report(1, 5, 7, 6);  // meant for the gateway process before this one
  Report(2, 5);
  EXPECT_FALSE(view.ready());
  EXPECT_EQ(view.OrderFor({1}).since, 0U);
  EXPECT_EQ(view.Union(kPartition), Seen(kA, 1, 5));
  EXPECT_TRUE(view.Held(kPartition).empty());
}

TEST_F(RegionViewTest, TheUnionIsWhatAnyoneHasAndHeldWhatAQuorumHas) {
  Report(1, 9);
  Report(2, 5);
  EXPECT_EQ(view.Union(kPartition), Seen(kA, 1, 9));
  EXPECT_EQ(view.Held(kPartition), Seen(kA, 1, 5));
  Report(3, 7);
  EXPECT_EQ(view.Held(kPartition), Seen(kA, 1, 7));
}

TEST_F(RegionViewTest, WhatWasThereAtTheStartIsSettledAndWhatIsNewAfterTwoBeats) {
  Report(1, 5);
  Report(2, 5);
  EXPECT_EQ(view.Settled(kPartition), Seen(kA, 1, 5));
  Report(1, 9, 2, 1);
  view.Advance();
  EXPECT_EQ(view.Settled(kPartition), Seen(kA, 1, 5));
  view.Advance();
  EXPECT_EQ(view.Settled(kPartition), Seen(kA, 1, 9));
}

TEST_F(RegionViewTest, OrdersGoOnFromTheLastReport) {
  EXPECT_EQ(view.OrderFor({1}).life, 0U);
  Report(1, 5, 12, 0, 3);
  EXPECT_EQ(view.OrderFor({1}).life, 3U);
  EXPECT_EQ(view.OrderFor({1}).since, 12U);
}

TEST_F(RegionViewTest, OvertakenReportsAreIgnored) {
  Report(1, 9, 20);
  Report(1, 5, 10);
  EXPECT_EQ(view.Union(kPartition), Seen(kA, 1, 9));
  EXPECT_EQ(view.OrderFor({1}).since, 20U);
}

TEST_F(RegionViewTest, ARestartedNodeReportsAnew) {
  Report(1, 9, 20, 0, 1);
  Report(1, 7, 21, 20, 2);
  EXPECT_EQ(view.Union(kPartition), Seen(kA, 1, 9)) << "it builds on a report of another life";
  Report(1, 8, 1, 0, 2);
  EXPECT_EQ(view.Union(kPartition), Seen(kA, 1, 8));
  EXPECT_EQ(view.OrderFor({1}).life, 2U);
}

TEST_F(RegionViewTest, WhatANodeHasLostIsNewsToo) {
  for (std::uint32_t node = 1; node <= 3; ++node) Report(node, 9);
  view.Advance();
  view.Advance();
  const std::uint64_t digest = view.HeldDigest(kEu);
  const std::uint64_t changes = view.changes();
  for (std::uint32_t node = 1; node <= 3; ++node) Report(node, 0, 1, 0, 2);
  EXPECT_GT(view.changes(), changes);
  EXPECT_NE(view.HeldDigest(kEu), digest);
  view.Advance();
  view.Advance();
  EXPECT_TRUE(view.Settled(kPartition).empty());
}

TEST_F(RegionViewTest, NothingNewIsNoChange) {
  Report(1, 9);
  const std::uint64_t changes = view.changes();
  Report(1, 0, 1, 1);
  EXPECT_EQ(view.changes(), changes);
}

TEST_F(RegionViewTest, TwoRegionsThatHaveSeenTheSameHaveEqualDigests) {
  Report(1, 9);
  Report(2, 9);
  view.Advance();
  const local::Ring other_ring{ThreeRegions(3), Gateway(kEu)};
  RegionView other{other_ring};
  for (const std::uint32_t node : {1U, 3U}) {
    other.OnReport({node}, {8, 0, 4, {1}, {{kPartition, Seen(kA, 1, 9)}}});
  }
  other.Advance();
  EXPECT_EQ(view.SettledDigest(kEu), other.HeldDigest(kUs));
  EXPECT_NE(view.SettledDigest(kEu), 0U);
  other.OnReport({1}, {8, 4, 5, {1}, {{kPartition, Seen(kA, 1, 10)}}});
  other.OnReport({3}, {8, 4, 5, {1}, {{kPartition, Seen(kA, 1, 10)}}});
  EXPECT_NE(view.SettledDigest(kEu), other.HeldDigest(kUs));
}

TEST_F(RegionViewTest, KnowsWhoHasReportedADot) {
  Report(1, 9);
  Report(2, 5);
  Report(3, 9);
  std::vector<NodeId> holders = view.HoldersOf(kPartition, Seen(kA, 8, 9));
  std::ranges::sort(holders);
  EXPECT_EQ(holders, (std::vector<NodeId>{{1}, {3}}));
  EXPECT_TRUE(view.HoldersOf(kPartition, Seen(kA, 10, 12)).empty());
}

TEST_F(RegionViewTest, KnowsWhichGatewaysShareTheWork) {
  view.OnReport({1}, {1, 0, 1, {1, 2}, {}});
  EXPECT_EQ(view.gateways(), (std::vector<std::uint32_t>{1, 2}));
}

TEST_F(RegionViewTest, WhatIsHeldFollowsThePrimariesOfTheView) {
  Report(1, 9);
  Report(2, 9);
  EXPECT_EQ(view.Held(kPartition), Seen(kA, 1, 9));
  const std::uint64_t before = view.changes();
  const local::View first = local::FirstView(ThreeRegions(3), "");
  local::Layout next;
  next.topology = ThreeRegions(4);
  next.topology.epoch = {2};
  next.topology.regions[0].nodes.erase(next.topology.regions[0].nodes.begin() + 1);
  for (const local::Region& region : next.topology.regions) {
    next.tables.emplace(
        region.id,
        local::PartitionTable::Build(next.topology, region.id, &first.layout.tables.at(region.id)));
  }
  local::View after = *ViewForLayout(first, kUs, next);
  ring.Adopt(after);
  view.FollowRing();
  EXPECT_EQ(view.Held(kPartition), Seen(kA, 1, 9)) << "reads have not moved yet";
  EXPECT_GT(view.changes(), before);
  for (int step = 0; step < 2; ++step) ring.Adopt(after = NextStep(after));
  view.FollowRing();
  EXPECT_TRUE(view.Held(kPartition).empty()) << "node 2 is a primary of nothing any more";
  Report(4, 9);
  EXPECT_EQ(view.Held(kPartition), Seen(kA, 1, 9));
}

}  // namespace
}  // namespace meridian::node
