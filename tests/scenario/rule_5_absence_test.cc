// Rule 5: never infer a delete from absence, never drop a tombstone by age.
//
// The schedules that break otherwise: (1) a replica was down during a put, comes back without the
// row and "repairs" the others to what it has, which is nothing. (2) A region is cut off for long;
// the others delete a row and, the tombstone being old, forget that they did; when the region is
// back, its old row is the only one left and wins.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Level;
using node::Status;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

TEST(Rule5Test, AReplicaWithoutTheRowGetsItAndTakesItFromNobody) {
  Scenario s;
  const ProcessId holder = Scenario::Node(1, 1);
  const ProcessId absent = Scenario::Node(1, 3);
  s.Crash(absent);
  ASSERT_EQ(s.Put(holder, "here", "one").status, Status::kOk);
  ASSERT_EQ(s.Put(holder, "there", "two").status, Status::kOk);
  s.Restart(absent);
  s.RunFor(std::chrono::milliseconds(20));
  // Reads that meet the absence, from either side: the answer has the value.
  EXPECT_THAT(s.Get(holder, "here", {.level = Level::kAll}).values, ElementsAre("one"));
  EXPECT_THAT(s.Get(absent, "there", {.level = Level::kAll}).values, ElementsAre("two"));

  EXPECT_EQ(s.RunUntilQuiet(), "");
  for (std::uint32_t number = 1; number <= 3; ++number) {
    const ProcessId node = Scenario::Node(1, number);
    EXPECT_THAT(s.Get(node, "here", {.level = Level::kOne}).values, ElementsAre("one"));
    EXPECT_THAT(s.Get(node, "there", {.level = Level::kOne}).values, ElementsAre("two"));
  }
}

TEST(Rule5Test, ARegionThatMissedADeleteForLongDoesNotBringTheValueBack) {
  Scenario s;
  ASSERT_EQ(s.Put(Scenario::Node(1, 1), "key", "value", {.level = Level::kEachQuorum}).status,
            Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  s.CutRegions(3, 1);
  s.CutRegions(3, 2);
  ASSERT_EQ(s.Delete(Scenario::Node(1, 2), "key").status, Status::kOk);
  s.RunFor(minutes(20));
  EXPECT_THAT(s.Get(Scenario::Node(3, 1), "key").values, ElementsAre("value"));

  s.Heal();
  EXPECT_EQ(s.RunUntilQuiet(), "");
  for (std::uint16_t region = 1; region <= 3; ++region) {
    const auto read = s.Get(Scenario::Node(region, 1), "key");
    EXPECT_EQ(read.status, Status::kNotFound);
    EXPECT_FALSE(read.context.empty()) << "the tombstone is kept, and its token covers it";
  }
}

TEST(Rule5Test, AWriteBesideADeleteOfAnotherRegionSurvivesIt) {
  Scenario s;
  const auto first = s.Put(Scenario::Node(1, 1), "key", "value", {.level = Level::kEachQuorum});
  ASSERT_EQ(first.status, Status::kOk);
  s.CutRegions(1, 2);
  ASSERT_EQ(s.Delete(Scenario::Node(1, 1), "key", {.context = first.context}).status, Status::kOk);
  ASSERT_EQ(s.Put(Scenario::Node(2, 1), "key", "beside", {.context = first.context}).status,
            Status::kOk);
  s.Heal();
  EXPECT_EQ(s.RunUntilQuiet(), "");
  for (std::uint16_t region = 1; region <= 3; ++region) {
    EXPECT_THAT(s.Get(Scenario::Node(region, 1), "key").values, ElementsAre("beside"));
  }
}

}  // namespace
}  // namespace meridian::sim
