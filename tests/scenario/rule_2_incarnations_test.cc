// Rule 2: an actor mints only while it holds every row it minted; each start draws a new
// incarnation, synced before its first dot.
//
// The schedule that breaks otherwise: a coordinator's disk is slow. It mints A:1 for "first", the
// two others hold it durably, and W = 2 answers the client. It crashes, loses its unsynced tail,
// restarts and mints again on the same key. Under the old name the new dot is A:1 too: the others
// have seen A:1, take the new value for a repetition and drop it, and an acknowledged write is
// gone.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Status;
using std::chrono::seconds;
using testing::UnorderedElementsAre;

TEST(Rule2Test, ACoordinatorThatLostItsTailMintsUnderAnotherName) {
  Scenario s;
  const ProcessId coordinator = Scenario::Node(1, 1);
  s.StopDisk(coordinator);
  ASSERT_EQ(s.Put(coordinator, "key", "first").status, Status::kOk);  // by the two others
  s.Crash(coordinator);
  s.StartDisk(coordinator);
  s.Restart(coordinator);
  s.RunFor(seconds(1));
  ASSERT_EQ(s.Put(coordinator, "key", "second").status, Status::kOk);

  EXPECT_EQ(s.RunUntilQuiet(), "");
  for (std::uint16_t region = 1; region <= 3; ++region) {
    EXPECT_THAT(s.Get(Scenario::Node(region, 3), "key").values,
                UnorderedElementsAre("first", "second"));
  }
  EXPECT_EQ(s.Violated(), "");
}

// The new name, too, can be lost with the tail: then two lives would mint under it.
TEST(Rule2Test, NothingIsMintedBeforeTheIncarnationIsDurable) {
  Scenario s;
  const ProcessId coordinator = Scenario::Node(1, 1);
  s.Crash(coordinator);
  s.StopDisk(coordinator);
  s.Restart(coordinator);
  s.RunFor(seconds(1));
  EXPECT_EQ(s.Put(coordinator, "key", "first").status, Status::kUnavailable);

  s.Crash(coordinator);
  s.StartDisk(coordinator);
  s.Restart(coordinator);
  s.RunFor(seconds(1));
  EXPECT_EQ(s.Put(coordinator, "key", "second").status, Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(Scenario::Node(2, 1), "key").values, UnorderedElementsAre("second"));
  EXPECT_EQ(s.Violated(), "");
}

// Numbers of requests are names as well. An ack to the process that was, arriving late, must not
// count for the request that happens to have the same number in the process that is.
TEST(Rule2Test, AnAckToTheProcessThatWasDoesNotCountForTheProcessThatIs) {
  Scenario s;
  const ProcessId coordinator = Scenario::Node(1, 1);
  const ProcessId replica = Scenario::Node(1, 2);
  s.Hold(replica, coordinator);
  ASSERT_EQ(s.Put(coordinator, "key", "first").status, Status::kOk);  // by node 3
  s.Crash(coordinator);
  s.Restart(coordinator);
  s.RunFor(std::chrono::milliseconds(1500));  // it begins without the word of `replica` on its disk

  s.Cut(coordinator, replica);
  s.Cut(coordinator, Scenario::Node(1, 3));
  const auto put = s.BeginPut(coordinator, "key", "second", {.timeout_ms = 500});
  s.Release(replica, coordinator);
  s.RunFor(seconds(1));
  ASSERT_TRUE(put->has_value());
  EXPECT_EQ((*put)->status, Status::kTimeout) << "nobody but the coordinator holds the write";
  EXPECT_TRUE((*put)->maybe);
}

}  // namespace
}  // namespace meridian::sim
