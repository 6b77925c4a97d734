// Stand-ins and hints, when the nodes they stand in for are away. Five nodes a region, so that
// every key has three primaries and two fallbacks.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Level;
using node::Status;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class HintsTest : public testing::Test {
 protected:
  static TopologyShape FiveNodes() {
    TopologyShape shape = Scenario::SmallShape();
    shape.nodes = 5;
    return shape;
  }
  void Crash(const std::vector<ProcessId>& nodes) {
    for (const ProcessId node : nodes) s.Crash(node);
  }
  void Restart(const std::vector<ProcessId>& nodes) {
    for (const ProcessId node : nodes) s.Restart(node);
  }
  void ExpectHome(const std::vector<Bytes>& values) {
    EXPECT_EQ(s.RunUntilQuiet(), "");  // no hints are left, too
    for (const ProcessId primary : primaries) {
      EXPECT_THAT(s.Get(primary, "key", {.level = Level::kAll}).values,
                  testing::UnorderedElementsAreArray(values));
    }
    EXPECT_EQ(s.Violated(), "");
  }

  Scenario s{FiveNodes()};
  const std::vector<ProcessId> primaries = s.PrimariesOf(1, "key");
  const std::vector<ProcessId> fallbacks = s.NonPrimariesOf(1, "key");
};

TEST_F(HintsTest, APutSucceedsWithTwoOfThreePrimariesDown) {
  Crash({primaries[1], primaries[2]});
  ASSERT_EQ(s.Put(primaries[0], "key", "v").status, Status::kOk);
  EXPECT_EQ(s.HintCount(), 1U + 1U) << "one for each silent primary";
  EXPECT_THAT(s.Get(primaries[0], "key").values, ElementsAre("v")) << "of itself and a stand-in";
  Restart({primaries[1], primaries[2]});
  ExpectHome({"v"});
}

TEST_F(HintsTest, EveryPrimaryIsDownThenBack) {
  ASSERT_EQ(s.Put(primaries[0], "key", "old").status, Status::kOk);
  s.RunFor(seconds(3));
  Crash(primaries);
  const auto put = s.Put(fallbacks[0], "key", "v");
  ASSERT_EQ(put.status, Status::kOk) << put.message;
  // What is read is what stands in knows: the new value, and nobody claims to know the old one.
  EXPECT_THAT(s.Get(fallbacks[0], "key").values, ElementsAre("v"));
  const auto unknown = s.Get(fallbacks[0], "another key");
  EXPECT_NE(unknown.status, Status::kNotFound) << "nobody who could know was asked";
  ASSERT_EQ(s.Put(fallbacks[0], "key", "w", {.context = put.context}).status, Status::kOk);
  Restart(primaries);
  ExpectHome({"old", "w"});
}

// Rule 8: a copy counted towards W is never dropped before W primaries hold it durably.
//
// The schedule that breaks otherwise: two primaries are down, a put is held by the third and a
// stand-in. One of the two returns, the stand-in hands over, and drops its hint at the first ack.
// That primary had not synced: it crashes and has lost the row. The third loses its disk. Nobody
// has the acknowledged write, though only one of the nodes that acknowledged it lost its disk.
TEST_F(HintsTest, Rule8AHintOutlivesAPrimaryThatHasItButNotOnDisk) {
  Crash({primaries[1], primaries[2]});
  ASSERT_EQ(s.Put(primaries[0], "key", "v").status, Status::kOk);
  s.Crash(primaries[0]);  // for ever, in this schedule
  s.Restart(primaries[1]);
  s.StopDisk(primaries[1]);
  s.RunFor(seconds(5));
  EXPECT_GT(s.HintCount(), 0U) << "dropped for a copy that is not durable";
  s.Crash(primaries[1]);
  s.StartDisk(primaries[1]);
  Restart({primaries[1], primaries[2]});
  s.RunFor(seconds(5));
  EXPECT_EQ(s.HintCount(), 0U);
  EXPECT_THAT(s.Get(primaries[1], "key").values, ElementsAre("v"));
  s.Restart(primaries[0]);
  ExpectHome({"v"});
}

// Rule 2: each term as a stand-in mints under a new incarnation.
//
// The schedule that breaks otherwise: standing in, a node mints S:1 for the row and hands it over.
// In the next outage it holds nothing of the row and mints S:2 on an empty one. The context {S:2}
// claims S:1 as well: joined with the primaries' row it deletes an acknowledged value that nobody
// overwrote.
TEST_F(HintsTest, Rule2EachTermMintsUnderAnotherName) {
  Crash(primaries);
  ASSERT_EQ(s.Put(fallbacks[0], "key", "first").status, Status::kOk);
  Restart(primaries);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  ASSERT_EQ(s.HintCount(), 0U);
  Crash(primaries);
  ASSERT_EQ(s.Put(fallbacks[0], "key", "second").status, Status::kOk);
  Restart(primaries);
  ExpectHome({"first", "second"});
}

// A stand-in acknowledges what is on its disk and nothing else: its crash before the sync leaves no
// acknowledged write behind, one after it loses none.
TEST_F(HintsTest, AStandInThatCrashesBeforeTheSyncHasAcknowledgedNothing) {
  Crash(primaries);
  for (const ProcessId node : fallbacks) s.StopDisk(node);
  EXPECT_NE(s.Put(fallbacks[0], "key", "v").status, Status::kOk);
  Crash(fallbacks);
  for (const ProcessId node : fallbacks) s.StartDisk(node);
  Restart(fallbacks);
  EXPECT_EQ(s.HintCount(), 0U);
  Restart(primaries);
  ExpectHome({});
}

TEST_F(HintsTest, AStandInThatCrashesAfterTheSyncLosesNothing) {
  Crash(primaries);
  ASSERT_EQ(s.Put(fallbacks[0], "key", "v").status, Status::kOk);
  Crash(fallbacks);
  Restart(fallbacks);
  Restart(primaries);
  ExpectHome({"v"});
}

// A hint that arrives again after it was handed over is kept and handed over again. It brings back
// nothing that was overwritten meanwhile, and it does not stay.
TEST_F(HintsTest, AHintThatArrivesTwiceChangesNothing) {
  s.RepeatEverything(seconds(4));
  Crash({primaries[1], primaries[2]});
  const auto put = s.Put(primaries[0], "key", "v");
  ASSERT_EQ(put.status, Status::kOk);
  Restart({primaries[1], primaries[2]});
  s.RunFor(seconds(2));
  ASSERT_EQ(s.Put(primaries[1], "key", "w", {.context = put.context}).status, Status::kOk);
  s.RunFor(seconds(8));
  ExpectHome({"w"});
}

TEST_F(HintsTest, AStrictPutIsNotKeptByOthers) {
  Crash({primaries[1], primaries[2]});
  EXPECT_NE(s.Put(primaries[0], "key", "v", {.sloppy = false}).status, Status::kOk);
  EXPECT_EQ(s.HintCount(), 0U);
}

}  // namespace
}  // namespace meridian::sim
