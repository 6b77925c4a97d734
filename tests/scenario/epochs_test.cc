// Changes of the topology while the system runs: one of two wins, whoever missed it learns of it,
// and it outlives the crash of anybody.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Status;
using std::chrono::milliseconds;
using std::chrono::seconds;

// As the smallest, with the fewest partitions that a file may say.
const TopologyShape kShape{3, 1, 1, 3, 4};

local::Topology WithNamespace(const local::Topology& topology, const std::string& name,
                              std::uint64_t epoch) {
  local::Topology next = topology;
  next.epoch = {epoch};
  next.namespaces.push_back(
      {{static_cast<std::uint16_t>(9 + epoch)}, name, {1}, local::Policy::kLww, {}});
  return next;
}

std::uint64_t EpochAt(Scenario& s, ProcessId node) {
  return s.cluster().ring_node(node).ring().topology().epoch.value;
}

TEST(EpochsTest, ANewNamespaceIsThereInAllRegionsWithoutARestart) {
  Scenario s(kShape);
  s.RunFor(seconds(2));
  EXPECT_EQ(s.Put(Scenario::Node(3, 1), "k", "v", {.space = "more"}).status, Status::kBadRequest);
  ASSERT_EQ(s.Apply(Scenario::Node(1, 2), WithNamespace(s.topology(), "more", 2)).status,
            Status::kOk);
  s.RunFor(seconds(5));
  for (std::uint16_t region = 1; region <= 3; ++region) {
    EXPECT_EQ(EpochAt(s, Scenario::Node(region, 3)), 2U) << region;
  }
  EXPECT_EQ(s.Put(Scenario::Node(3, 1), "k", "v", {.space = "more"}).status, Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(Scenario::Node(1, 1), "k", {.space = "more"}).values,
              testing::ElementsAre("v"));
  EXPECT_EQ(s.Violated(), "");
}

TEST(EpochsTest, OfTwoOperatorsOneWins) {
  Scenario s(kShape);
  s.RunFor(seconds(2));
  const auto ours = s.BeginApply(Scenario::Node(1, 1), WithNamespace(s.topology(), "ours", 2));
  const auto theirs = s.BeginApply(Scenario::Node(1, 3), WithNamespace(s.topology(), "theirs", 2));
  s.RunFor(seconds(12));
  ASSERT_TRUE(ours->has_value() && theirs->has_value());
  const bool first = (*ours)->status == Status::kOk;
  EXPECT_EQ((first ? *ours : *theirs)->status, Status::kOk);
  EXPECT_EQ((first ? *theirs : *ours)->status, Status::kConflict);
  const auto* won =
      s.cluster().ring(RegionId{2}).topology().FindNamespace(first ? "ours" : "theirs");
  EXPECT_NE(won, nullptr) << "the other regions have the winner's";
}

TEST(EpochsTest, ADecisionHalfSpreadIsFinishedByWhoeverKnowsIt) {
  Scenario s(kShape);
  s.RunFor(seconds(2));
  // The proposer reaches one other node, which is most, and dies before it can tell anybody.
  s.Cut(Scenario::Node(1, 1), Scenario::Node(1, 3));
  s.Cut(Scenario::Node(1, 3), Scenario::Node(1, 1));
  const auto answer = s.BeginApply(Scenario::Node(1, 1), WithNamespace(s.topology(), "more", 2));
  for (int i = 0; i < 4000 && EpochAt(s, Scenario::Node(1, 1)) == 1; ++i) {
    s.RunFor(std::chrono::microseconds(50));
  }
  ASSERT_EQ(EpochAt(s, Scenario::Node(1, 1)), 2U);
  s.Crash(Scenario::Node(1, 1));
  s.Heal();
  s.RunFor(seconds(10));
  EXPECT_EQ(EpochAt(s, Scenario::Node(1, 2)), 2U);
  EXPECT_EQ(EpochAt(s, Scenario::Node(1, 3)), 2U);
  EXPECT_EQ(EpochAt(s, Scenario::Node(2, 1)), 2U);
  s.Restart(Scenario::Node(1, 1));
  s.RunFor(seconds(3));
  EXPECT_EQ(EpochAt(s, Scenario::Node(1, 1)), 2U);
}

TEST(EpochsTest, WhoSleptThroughIsRefusedAndTold) {
  Scenario s(kShape);
  s.RunFor(seconds(2));
  s.Pause(Scenario::Node(1, 3));
  ASSERT_EQ(s.Apply(Scenario::Node(1, 1), WithNamespace(s.topology(), "more", 2)).status,
            Status::kOk);
  s.RunFor(seconds(1));
  // Whatever it does first, in the view that it had, does not count.
  const auto put = s.BeginPut(Scenario::Node(1, 3), "milk", "2 litres");
  s.Resume(Scenario::Node(1, 3));
  s.RunFor(seconds(3));
  ASSERT_TRUE(put->has_value());
  EXPECT_EQ((*put)->status, Status::kOk) << "it was sent again once it knew";
  EXPECT_EQ(EpochAt(s, Scenario::Node(1, 3)), 2U);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Violated(), "");
}

TEST(EpochsTest, ItOutlivesTheCrashOfEverybody) {
  Scenario s(kShape);
  s.RunFor(seconds(2));
  ASSERT_EQ(s.Apply(Scenario::Node(1, 1), WithNamespace(s.topology(), "more", 2)).status,
            Status::kOk);
  s.RunFor(milliseconds(1));
  for (std::uint32_t number = 1; number <= 3; ++number) s.Crash(Scenario::Node(1, number));
  for (std::uint32_t number = 1; number <= 3; ++number) s.Restart(Scenario::Node(1, number));
  s.RunFor(seconds(5));
  for (std::uint32_t number = 1; number <= 3; ++number) {
    EXPECT_EQ(EpochAt(s, Scenario::Node(1, number)), 2U);
  }
}

}  // namespace
}  // namespace meridian::sim
