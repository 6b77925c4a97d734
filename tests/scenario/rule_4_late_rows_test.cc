// Rule 4: a received version whose dot is seen here but is not in the stored row was overwritten or
// collected: drop it before the join.
//
// The schedule that breaks otherwise: a copy of "old" is under way for a long time. Meanwhile it is
// deleted everywhere, and in time the row is collected. Then the copy arrives where nothing is
// stored that could say that it was replaced: joined as it is, the deleted value would be back, and
// from there on its way to every other region.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Level;
using node::Status;
using testing::ElementsAre;

// A put at node 1 of region 2, whose copy for node 2 is still under way when everybody has it.
class Rule4Test : public testing::Test {
 protected:
  void SetUp() override {
    s.Hold(sender, receiver);
    ASSERT_EQ(s.Put(sender, "key", "old").status, Status::kOk);
    s.RunFor(std::chrono::seconds(10));  // node 2 catches up from node 3
    const auto read = s.Get(receiver, "key", {.level = Level::kOne});
    ASSERT_THAT(read.values, ElementsAre("old"));
    context = read.context;
  }
  void LetTheOldRowArrive() {
    s.Release(sender, receiver);
    EXPECT_EQ(s.RunUntilQuiet(), "");
  }

  Scenario s;
  const ProcessId sender = Scenario::Node(2, 1);
  const ProcessId receiver = Scenario::Node(2, 2);
  Bytes context;
};

TEST_F(Rule4Test, AnOverwrittenRowThatArrivesLateChangesNothing) {
  ASSERT_EQ(s.Put(Scenario::Node(1, 1), "key", "new", {.context = context}).status, Status::kOk);
  s.RunFor(std::chrono::seconds(10));
  LetTheOldRowArrive();
  EXPECT_THAT(s.Get(receiver, "key", {.level = Level::kOne}).values, ElementsAre("new"));
}

TEST_F(Rule4Test, ADeletedRowThatArrivesLateIsNotBackAfterItsTombstoneWasCollected) {
  ASSERT_EQ(s.Delete(Scenario::Node(2, 3), "key", {.context = context}).status, Status::kOk);
  s.RunFor(std::chrono::seconds(10));
  for (std::uint16_t region = 1; region <= 3; ++region) {
    for (std::uint32_t number = 1; number <= 3; ++number) {
      const ProcessId node = Scenario::Node(region, number);
      s.Crash(node);
      s.CollectRow(node, "key");
      s.Restart(node);
    }
  }
  s.RunFor(std::chrono::seconds(1));
  LetTheOldRowArrive();
  for (std::uint16_t region = 1; region <= 3; ++region) {
    EXPECT_EQ(s.Get(Scenario::Node(region, 2), "key").status, Status::kNotFound);
  }
}

}  // namespace
}  // namespace meridian::sim
