#include "local/topology_plan.h"

#include <gmock/gmock.h>

#include "support/three_regions.h"

namespace meridian::local {
namespace {

using meridian::test::kEverywhere;
using meridian::test::kUs;
using meridian::test::ThreeRegions;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

Tables TablesOf(const Topology& topology) {
  Tables tables;
  for (const Region& region : topology.regions) {
    tables.emplace(region.id, PartitionTable::Build(topology, region.id));
  }
  return tables;
}

class TopologyPlanTest : public ::testing::Test {
 protected:
  TopologyPlanTest() {
    present.partition_bits = 6;
    next = present;
    next.epoch = {2};
  }
  TopologyPlan Plan() { return PlanChange(present, TablesOf(present), next); }
  Node& NextNode(std::size_t i) { return next.regions[0].nodes[i]; }

  Topology present = ThreeRegions();
  Topology next;
};

TEST_F(TopologyPlanTest, TheSameTopologyMovesNothing) {
  const TopologyPlan plan = Plan();
  EXPECT_FALSE(plan.MovesAnything());
  EXPECT_THAT(plan.changes, IsEmpty());
  EXPECT_THAT(plan.refusals, IsEmpty());
}

TEST_F(TopologyPlanTest, ANewNodeIsAllThatAnythingMovesTo) {
  next.regions[0].nodes.push_back({{5}, "us-east-5", "rack", 100, {}, {}, {}});
  const TopologyPlan plan = Plan();
  EXPECT_THAT(plan.changes, Contains("node us-east-5 comes"));
  ASSERT_EQ(plan.regions.size(), 3U);
  const RegionPlan& us = plan.regions[0];
  for (const Move& move : us.moves) EXPECT_EQ(move.to, NodeId{5});
  EXPECT_EQ(us.moves.size(), us.shares.back().after);
  EXPECT_NEAR(static_cast<double>(us.shares.back().after), us.shares.back().by_weight, 2.0);
  EXPECT_THAT(plan.regions[1].moves, IsEmpty());
}

TEST_F(TopologyPlanTest, ThePlanIsMadeFromTheTableThatIsNotFromScratch) {
  // A table with a history: what five nodes had when one of them left.
  Topology five = present;
  five.regions[0].nodes.push_back({{5}, "us-east-5", "rack", 100, {}, {}, {}});
  const PartitionTable before = PartitionTable::Build(five, kUs);
  Tables tables = TablesOf(present);
  tables.insert_or_assign(kUs, PartitionTable::Build(present, kUs, &before));
  EXPECT_FALSE(PlanChange(present, tables, next).MovesAnything());
}

TEST_F(TopologyPlanTest, ANodeThatGoesGivesUpAllItHasAndIsARisk) {
  next.regions[0].nodes.pop_back();
  const TopologyPlan plan = Plan();
  std::size_t given = 0;
  for (const Move& move : plan.regions[0].moves) {
    EXPECT_EQ(move.from, NodeId{4});
    ++given;
  }
  EXPECT_EQ(given, plan.regions[0].shares.back().before);
  EXPECT_EQ(plan.regions[0].shares.back().weight, 0U);
  EXPECT_THAT(plan.risks, Contains(HasSubstr("us-east-4 gives up all it holds")));
}

TEST_F(TopologyPlanTest, MoreCopiesComeFromNobody) {
  next.placements[0].replicas[kUs] = 4;
  const TopologyPlan plan = Plan();
  EXPECT_EQ(plan.regions[0].moves.size(), next.partitions());
  for (const Move& move : plan.regions[0].moves) {
    EXPECT_EQ(move.from, NodeId{});
    EXPECT_EQ(move.key.placement, kEverywhere);
  }
  EXPECT_THAT(plan.risks, Contains(HasSubstr("changes from 3 to 4")));
}

TEST_F(TopologyPlanTest, FewerRacksThanCopiesAreARisk) {
  EXPECT_THAT(Plan().risks, Contains(HasSubstr("fewer racks than they have copies")));
  for (std::size_t i = 0; i < 4; ++i) NextNode(i).rack = "rack" + std::to_string(i);
  const TopologyPlan plan = Plan();
  EXPECT_EQ(plan.regions[0].badly_spread, 0U);
  EXPECT_EQ(plan.regions[0].racks_before, 1U);
  EXPECT_EQ(plan.regions[0].racks_after, 4U);
}

TEST_F(TopologyPlanTest, OnlyTheSuccessorCanFollow) {
  for (const std::uint64_t epoch : {1U, 3U}) {
    next.epoch = {epoch};
    EXPECT_THAT(Plan().refusals, Contains(HasSubstr("the next is 2")));
  }
}

TEST_F(TopologyPlanTest, AnotherNumberOfPartitionsIsRefused) {
  next.partition_bits = 7;
  const TopologyPlan plan = Plan();
  EXPECT_THAT(plan.refusals, Contains(HasSubstr("number of partitions")));
  EXPECT_THAT(plan.regions, IsEmpty());
}

TEST_F(TopologyPlanTest, ANamespaceKeepsItsPlacement) {
  next.namespaces[0].placement = {2};
  EXPECT_THAT(Plan().refusals, Contains(HasSubstr("would change its placement")));
}

TEST_F(TopologyPlanTest, NothingIsAddedThatARunningSystemDoesNotTake) {
  next.placements.back().id = {9};
  EXPECT_THAT(Plan().refusals, Contains(HasSubstr("placements would change")));
  next = present;
  next.epoch = {2};
  next.placements.front().replicas.begin()->second += 1;
  EXPECT_THAT(Plan().refusals, Contains(HasSubstr("placements would change")));
  next = present;
  next.epoch = {2};
  next.regions.push_back(next.regions.back());
  next.regions.back().id = {9};
  EXPECT_THAT(Plan().refusals, Contains(HasSubstr("would come")));
}

TEST_F(TopologyPlanTest, ARegionDoesNotGo) {
  next.regions.pop_back();
  for (Placement& placement : next.placements) placement.replicas.erase(RegionId{3});
  EXPECT_THAT(Plan().refusals, Contains(HasSubstr("a region is not taken out")));
}

}  // namespace
}  // namespace meridian::local
