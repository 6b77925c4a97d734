// Changes that cannot end as they were begun: who was to come never does, or who is left dies for
// good. They are given up, or end without it; nothing that was acknowledged is lost.

#include "support/changing_ring.h"

namespace meridian::sim {
namespace {

using node::Status;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr int kKeys = 60;

class EndlessChangesTest : public ChangingRing {
 protected:
  // Three nodes and 16 partitions a region, N = 3.
  EndlessChangesTest() : ChangingRing({3, 1, 1, 2, 4}) {
    for (int i = 0; i < kKeys; ++i) PutOwn(1, i, "v");
    s.RunFor(seconds(3));
  }

  // A value that only this key has.
  void PutOwn(std::uint32_t at, int i, const Bytes& value) {
    Put(at, i, value + std::to_string(i));
  }
  void ExpectAllThere(std::uint32_t at, const Bytes& value) {
    for (int i = 0; i < kKeys; ++i) {
      EXPECT_THAT(s.Get(Scenario::Node(1, at), Key(i)).values,
                  ElementsAre(value + std::to_string(i)));
    }
  }
  local::Stage StageOf(std::uint16_t region) { return s.cluster().ring({region}).stage(); }
};

TEST_F(EndlessChangesTest, ANodeThatNeverComesIsReplacedByAnotherWhileItIsAwaited) {
  Change(With({1, 2, 3, 4}, 2));
  s.RunFor(seconds(5));
  ASSERT_EQ(StageOf(1), local::Stage::kFilling) << "it waits for node 4";
  for (int i = 0; i < kKeys; i += 2) PutOwn(2, i, "v");
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
  for (int i = 0; i < kKeys; ++i) PutOwn(1, i, "w");
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
  Change(With({1, 2, 3, 4}, 2, 2));
  EXPECT_TRUE(Settles(1, 2));
  s.RunFor(seconds(10));
  ASSERT_EQ(StageOf(2), local::Stage::kFilling) << "its node 4 never comes";
  EXPECT_EQ(s.TakeBack(Scenario::Node(1, 1), 3).status, Status::kConflict)
      << "in the first region nothing is under way";
  Change(With({1, 2, 3}, 3, 2));
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
