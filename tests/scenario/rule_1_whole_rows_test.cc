// Rule 1: only whole joined rows travel, never a bare change.
//
// The schedule that breaks otherwise: node 1 mints A:1 "milk" while node 2 cannot hear it, then A:2
// "bread" beside it, which node 2 hears. Had only the change travelled, node 2 would hold the
// context {A:2}, which claims A:1 as merged, without A:1: whoever joins with that drops "milk" for
// good.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Status;
using testing::UnorderedElementsAre;

TEST(Rule1Test, AReplicaThatMissedASiblingGetsItWithTheNextOne) {
  Scenario s;
  const ProcessId coordinator = Scenario::Node(1, 1);
  const ProcessId deaf = Scenario::Node(1, 2);
  s.Cut(coordinator, deaf);
  ASSERT_EQ(s.Put(coordinator, "list", "milk").status, Status::kOk);
  s.Heal();
  ASSERT_EQ(s.Put(coordinator, "list", "bread", {.level = node::Level::kAll}).status, Status::kOk);

  const auto read = s.Get(deaf, "list", {.level = node::Level::kOne});
  EXPECT_EQ(read.status, Status::kSiblings);
  EXPECT_THAT(read.values, UnorderedElementsAre("milk", "bread"));
}

TEST(Rule1Test, NothingIsLostInAnyRegionWhenOnlyTheLaterSiblingTravelled) {
  Scenario s;
  const ProcessId coordinator = Scenario::Node(1, 1);
  s.Cut(coordinator, Scenario::Node(1, 2));
  s.Cut(coordinator, Scenario::Gateway(1));
  ASSERT_EQ(s.Put(coordinator, "list", "milk").status, Status::kOk);
  s.Heal();
  ASSERT_EQ(s.Put(coordinator, "list", "bread").status, Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  for (std::uint16_t region = 1; region <= 3; ++region) {
    EXPECT_THAT(s.Get(Scenario::Node(region, 2), "list").values,
                UnorderedElementsAre("milk", "bread"));
  }
  EXPECT_EQ(s.Violated(), "");
}

}  // namespace
}  // namespace meridian::sim
