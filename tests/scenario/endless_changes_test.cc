// Changes that cannot end as they were begun: who was to come never does, or who is left dies for
// good. They are given up, or end without it; nothing that was acknowledged is lost.

#include <gmock/gmock.h>

#include "sim/rest_checker.h"
#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Status;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr int kKeys = 60;

class EndlessChangesTest : public ::testing::Test {
 protected:
  // Three nodes and 16 partitions a region, N = 3.
  EndlessChangesTest() : s(TopologyShape{3, 1, 1, 2, 4}) {
    s.RunFor(seconds(2));
    for (int i = 0; i < kKeys; ++i) Put(1, i, "v");
    s.RunFor(seconds(3));
  }

  static Bytes Key(int i) { return "key" + std::to_string(i); }
  void Put(std::uint32_t at, int i, const Bytes& value) {
    const auto read = s.Get(Scenario::Node(1, at), Key(i));
    const auto put =
        s.Put(Scenario::Node(1, at), Key(i), value + std::to_string(i), {.context = read.context});
    ASSERT_EQ(put.status, Status::kOk) << put.message;
  }
  // The region has these nodes, whatever it had.
  static local::Topology With(local::Topology next, std::uint16_t region,
                              std::vector<std::uint32_t> numbers, std::uint64_t epoch) {
    next.epoch = {epoch};
    local::Region& changed = next.regions.at(region - 1U);
    changed.nodes.clear();
    for (const std::uint32_t number : numbers) {
      local::Node node;
      node.id = {number};
      node.name = changed.name + '-' + std::to_string(number);
      node.rack = "rack0";
      changed.nodes.push_back(node);
    }
    return next;
  }
  local::Topology With(std::vector<std::uint32_t> numbers, std::uint64_t epoch) const {
    return With(s.topology(), 1, std::move(numbers), epoch);
  }
  void Change(const local::Topology& next) {
    const auto answer = s.Apply(Scenario::Node(1, 1), next);
    ASSERT_EQ(answer.status, Status::kOk) << answer.message;
  }
  local::Stage StageOf(std::uint16_t region) { return s.cluster().ring({region}).stage(); }
  // Runs until the region is settled at the epoch; false when it never is.
  bool Settles(std::uint16_t region, std::uint64_t epoch) {
    for (int i = 0; i < 60; ++i) {
      s.RunFor(seconds(1));
      const local::Ring& ring = s.cluster().ring({region});
      if (ring.topology().epoch.value == epoch && ring.stage() == local::Stage::kSettled)
        return true;
    }
    return false;
  }
  std::string RunUntilComplete() {
    std::optional<std::string> left;
    for (int i = 0; i < 120; ++i) {
      s.RunFor(seconds(1));
      left = ComplaintOfOwners(s.cluster());
      if (!left) return "";
    }
    return *left;
  }
  void ExpectAllThere(std::uint32_t at, const Bytes& value) {
    for (int i = 0; i < kKeys; ++i) {
      EXPECT_THAT(s.Get(Scenario::Node(1, at), Key(i)).values,
                  ElementsAre(value + std::to_string(i)));
    }
  }

  Scenario s;
};

TEST_F(EndlessChangesTest, ANodeThatNeverComesIsReplacedByAnotherWhileItIsAwaited) {
  Change(With({1, 2, 3, 4}, 2));
  s.RunFor(seconds(5));
  ASSERT_EQ(StageOf(1), local::Stage::kFilling) << "it waits for node 4";
  for (int i = 0; i < kKeys; i += 2) Put(2, i, "v");
  const local::Topology next = With({1, 2, 3, 5}, 3);
  s.Join(Scenario::Node(1, 5), next);
  Change(next);
  EXPECT_EQ(RunUntilComplete(), "");
  ExpectAllThere(5, "v");
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Violated(), "");
}

// It has half of its rows, and has acknowledged writes.
TEST_F(EndlessChangesTest, ANodeThatDiesForGoodWhileItIsFilledIsReplaced) {
  const local::Topology four = With({1, 2, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), four);
  s.Cut(Scenario::Node(1, 3), Scenario::Node(1, 4));  // so that not all of it is filled
  Change(four);
  s.RunFor(seconds(2));
  for (int i = 0; i < kKeys; ++i) Put(1, i, "w");
  s.Crash(Scenario::Node(1, 4));
  ASSERT_EQ(StageOf(1), local::Stage::kFilling);
  const local::Topology next = With({1, 2, 3, 5}, 3);
  s.Join(Scenario::Node(1, 5), next);
  Change(next);
  EXPECT_TRUE(Settles(1, 3));
  ExpectAllThere(5, "w");
}

TEST_F(EndlessChangesTest, WhoWasGivenUpAndComesLaterHoldsNothing) {
  const local::Topology four = With({1, 2, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), four);
  s.Cut(Scenario::Node(1, 3), Scenario::Node(1, 4));
  Change(four);
  s.RunFor(seconds(2));
  s.Crash(Scenario::Node(1, 4));
  Change(With({1, 2, 3}, 3));
  EXPECT_TRUE(Settles(1, 3)) << "nothing has to move for that";
  s.Heal();
  s.Restart(Scenario::Node(1, 4));
  EXPECT_EQ(RunUntilComplete(), "");
  ExpectAllThere(1, "v");
  EXPECT_EQ(s.RunUntilQuiet(), "");
}

TEST_F(EndlessChangesTest, ASourceThatDiesForGoodHoldsNothingUpAndCanBeTakenOut) {
  const local::Topology four = With({1, 2, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), four);
  for (const std::uint32_t number : {1U, 2U}) {  // only node 3 can fill it, which is not enough
    s.Cut(Scenario::Node(1, number), Scenario::Node(1, 4));
  }
  Change(four);
  s.Crash(Scenario::Node(1, 3));
  ASSERT_EQ(StageOf(1), local::Stage::kFilling);
  s.Heal();
  EXPECT_TRUE(Settles(1, 2));
  ExpectAllThere(4, "v");
  // Of a partition with N = 2 that is 3's and 4's now, its former primaries cannot hand on to W.
  s.RunFor(seconds(5));
  Change(With({1, 2, 4}, 3));
  EXPECT_TRUE(Settles(1, 3));
  ExpectAllThere(4, "v");
}

TEST_F(EndlessChangesTest, AnotherRegionThatWaitsForANodeIsFreedByTheNextFile) {
  Change(With(s.topology(), 2, {1, 2, 3, 4}, 2));
  EXPECT_TRUE(Settles(1, 2));
  s.RunFor(seconds(10));
  ASSERT_EQ(StageOf(2), local::Stage::kFilling) << "its node 4 never comes";
  EXPECT_EQ(s.TakeBack(Scenario::Node(1, 1), 3).status, Status::kConflict)
      << "in the first region nothing is under way";
  Change(With(s.topology(), 2, {1, 2, 3}, 3));
  EXPECT_EQ(RunUntilComplete(), "");
  EXPECT_TRUE(Settles(2, 3));
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Violated(), "");
}

TEST_F(EndlessChangesTest, OnceReadsHaveMovedANewNodeThatDiesIsLikeAnyOther) {
  const local::Topology four = With({1, 2, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), four);
  Change(four);
  EXPECT_TRUE(Settles(1, 2));
  s.Crash(Scenario::Node(1, 4));
  s.RunFor(seconds(10));
  Change(With({1, 2, 3}, 3));
  EXPECT_TRUE(Settles(1, 3));
  ExpectAllThere(2, "v");
}

}  // namespace
}  // namespace meridian::sim
