// Rule 9, and what becomes of a disk that is lost or older than it was.
//
// The schedules that break otherwise: a node comes back empty and counts for a read, so a value
// that W acknowledged is not found; it coordinates a delete that covers nothing; it mints dots that
// its earlier life has minted. A restored backup lacks a delete, and tells nobody.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Level;
using node::Status;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

Asking AtOne() {
  Asking asking;
  asking.level = Level::kOne;
  return asking;
}

class LostDisksTest : public testing::Test {
 protected:
  void ComeBackEmpty(ProcessId node) {
    s.Crash(node);
    s.LoseDisk(node);
    s.Restart(node);
  }
  void ComeBackOld(ProcessId node) {
    s.Crash(node);
    s.RestoreDisk(node);
    s.Restart(node);
  }
  // Nothing that the others send to this node arrives.
  void Hold(ProcessId node, bool hold) {
    for (std::uint32_t other = 1; other <= 3; ++other) {
      const ProcessId from = Scenario::Node(node.region.value, other);
      if (from == node) continue;
      hold ? s.Hold(from, node) : s.Release(from, node);
    }
  }

  Scenario s;
  const ProcessId one = Scenario::Node(1, 1);
  const ProcessId two = Scenario::Node(1, 2);
  const ProcessId three = Scenario::Node(1, 3);
};

TEST_F(LostDisksTest, AnEmptyDiskUnderAnOldNameIsFilled) {
  ASSERT_EQ(s.Put(one, "milk", "2 litres").status, Status::kOk);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  ComeBackEmpty(two);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(two, "milk", AtOne()).values, ElementsAre("2 litres"));
  EXPECT_EQ(s.Violated(), "");
}

// The third is down, so the second waits to be filled.
TEST_F(LostDisksTest, WhileItIsFilledItIsNotReadFromAndTakesWrites) {
  ASSERT_EQ(s.Put(one, "milk", "2 litres").status, Status::kOk);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  s.Crash(three);
  ComeBackEmpty(two);
  s.RunFor(seconds(20));
  EXPECT_THAT(s.Get(two, "milk", AtOne()).values, ElementsAre("2 litres")) << "another's answer";
  EXPECT_EQ(s.Put(one, "bread", "rye").status, Status::kOk) << "W = 2: it counts";
  Asking brief;
  brief.timeout_ms = 500;
  const Status read = s.Get(one, "milk", brief).status;
  EXPECT_TRUE(read == Status::kTimeout || read == Status::kUnavailable) << "R = 2: it does not";
  s.Restart(three);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(two, "bread", AtOne()).values, ElementsAre("rye"));
  EXPECT_EQ(s.Violated(), "");
}

TEST_F(LostDisksTest, ADeleteAtANodeThatIsFilledCoversWhatOthersHold) {
  ASSERT_EQ(s.Put(one, "milk", "2 litres").status, Status::kOk);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  s.Crash(three);
  ComeBackEmpty(two);
  s.RunFor(seconds(20));
  ASSERT_EQ(s.Delete(two, "milk").status, Status::kOk);
  s.Restart(three);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Get(one, "milk").status, Status::kNotFound);
}

TEST_F(LostDisksTest, ADeleteThatABackupLacksStaysDone) {
  ASSERT_EQ(s.Put(one, "milk", "2 litres").status, Status::kOk);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  s.BackUp(two);
  ASSERT_EQ(s.Delete(one, "milk").status, Status::kOk);
  s.RunFor(seconds(5));
  ComeBackOld(two);
  s.RunFor(seconds(1));
  EXPECT_EQ(s.Get(two, "milk", AtOne()).status, Status::kNotFound);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Get(two, "milk", AtOne()).status, Status::kNotFound);
}

// W = 2 acknowledged it, one of the two by the disk that is gone: a read of the other one and the
// restored one would not find it.
TEST_F(LostDisksTest, ABackupCountsForNoReadBeforeItIsFilled) {
  ASSERT_EQ(s.Put(one, "milk", "old").status, Status::kOk);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  s.BackUp(two);
  s.Crash(three);
  ASSERT_EQ(s.Put(one, "bread", "rye").status, Status::kOk);  // one and two
  s.RunFor(seconds(5));
  ComeBackOld(two);
  s.RunFor(seconds(2));
  s.Crash(one);
  s.Restart(three);
  s.RunFor(seconds(3));
  Asking brief;
  brief.timeout_ms = 500;
  EXPECT_NE(s.Get(three, "bread", brief).status, Status::kNotFound) << "nobody may say so";
  s.Restart(one);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(three, "bread").values, ElementsAre("rye"));
  EXPECT_EQ(s.Violated(), "");
}

TEST_F(LostDisksTest, DotsOfTheLifeThatABackupForgotAreNotMintedAgain) {
  ASSERT_EQ(s.Put(one, "milk", "first").status, Status::kOk);
  s.RunFor(seconds(2));
  s.BackUp(one);
  ASSERT_EQ(s.Put(one, "milk", "second").status, Status::kOk);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  ComeBackOld(one);
  s.RunFor(seconds(2));
  ASSERT_EQ(s.Put(one, "milk", "third").status, Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(two, "milk").values, UnorderedElementsAre("first", "second", "third"));
  EXPECT_EQ(s.Violated(), "");
}

TEST_F(LostDisksTest, ABackupThatNobodySpeaksAgainstInTimeIsFoundOutLater) {
  ASSERT_EQ(s.Put(one, "milk", "first").status, Status::kOk);
  s.RunFor(seconds(2));
  s.BackUp(two);
  ASSERT_EQ(s.Delete(one, "milk").status, Status::kOk);
  s.RunFor(seconds(5));
  Hold(two, true);
  ComeBackOld(two);
  s.RunFor(seconds(4));  // it has begun, believing its disk
  Hold(two, false);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Get(two, "milk", AtOne()).status, Status::kNotFound);
  EXPECT_EQ(s.Violated(), "");
}

TEST_F(LostDisksTest, TwoThatAreLostAtOnceAreFilledFromTheThird) {
  ASSERT_EQ(s.Put(one, "milk", "2 litres", {.level = Level::kAll}).status, Status::kOk);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  s.Crash(one);
  s.Crash(two);
  s.LoseDisk(one);
  s.LoseDisk(two);
  s.Restart(one);
  s.Restart(two);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(one, "milk", AtOne()).values, ElementsAre("2 litres"));
  EXPECT_THAT(s.Get(two, "milk", AtOne()).values, ElementsAre("2 litres"));
}

TEST_F(LostDisksTest, ARegionThatIsLostWhollyComesBackFromTheOthers) {
  for (const char* key : {"milk", "eggs", "bread", "salt"}) {
    ASSERT_EQ(s.Put(one, key, "here").status, Status::kOk);
  }
  ASSERT_EQ(s.Put(Scenario::Node(2, 1), "wine", "there").status, Status::kOk);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  for (const ProcessId node : {one, two, three}) s.Crash(node);
  for (const ProcessId node : {one, two, three}) s.LoseDisk(node);
  for (const ProcessId node : {one, two, three}) s.Restart(node);
  s.RunFor(seconds(3));
  ASSERT_EQ(s.Put(one, "new", "here").status, Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  for (const char* key : {"milk", "eggs", "bread", "salt"}) {
    EXPECT_THAT(s.Get(two, key).values, ElementsAre("here"));
  }
  EXPECT_THAT(s.Get(two, "wine").values, ElementsAre("there"));
  EXPECT_THAT(s.Get(Scenario::Node(2, 2), "new").values, ElementsAre("here"));
}

TEST_F(LostDisksTest, ARegionWhoseNodesAreLostOneAfterTheOtherKeepsWhatTheyHold) {
  ASSERT_EQ(s.Put(one, "milk", "2 litres", {.level = Level::kAll}).status, Status::kOk);
  for (const ProcessId node : {one, two, three, one}) {
    ComeBackEmpty(node);
    EXPECT_EQ(s.RunUntilQuiet(), "");
    EXPECT_THAT(s.Get(node, "milk", AtOne()).values, ElementsAre("2 litres"));
  }
}

// They vouch for nobody, and nothing that they lack is anywhere else.
TEST_F(LostDisksTest, NodesThatAreFilledFromEachOtherComeToAnEnd) {
  ASSERT_EQ(s.Put(one, "milk", "2 litres", {.level = Level::kAll}).status, Status::kOk);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  for (const ProcessId node : {one, two, three}) s.Crash(node);
  for (const ProcessId node : {one, two}) s.LoseDisk(node);
  for (const ProcessId node : {one, two}) s.Restart(node);
  s.RunFor(seconds(20));
  s.Restart(three);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(one, "milk", AtOne()).values, ElementsAre("2 litres"));
  EXPECT_THAT(s.Get(two, "milk", AtOne()).values, ElementsAre("2 litres"));
}

TEST(LostDisksOfOneTest, ANodeAloneInItsRegionComesBackFromTheOthers) {
  TopologyShape shape = Scenario::SmallShape();
  shape.nodes = 1;
  shape.n = shape.pair_n = 1;
  Scenario s(shape);
  const ProcessId one = Scenario::Node(1, 1);
  ASSERT_EQ(s.Put(one, "milk", "2 litres").status, Status::kOk);
  ASSERT_EQ(s.RunUntilQuiet(), "");
  s.Crash(one);
  s.LoseDisk(one);
  s.Restart(one);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(one, "milk").values, ElementsAre("2 litres"));
}

}  // namespace
}  // namespace meridian::sim
