// Rule 3: after a join, mark seen and log exactly the dots that the sender listed and those present
// as versions; never mark from a context.
//
// The schedule that breaks otherwise: node 1 mints A:1 on "apples", which node 2 misses, then A:2
// on "apples" and A:3 on "pears", which it hears. The context {A:3} of "pears" says nothing about
// other rows. Had node 2 marked 1 to 3 from it, catch-up would find nothing missing and a later
// copy of "apples" would be dropped as overwritten: the row would be gone from that replica.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Level;
using node::Status;
using testing::ElementsAre;

TEST(Rule3Test, AContextSaysNothingAboutTheActorsOtherRows) {
  Scenario s;
  const ProcessId coordinator = Scenario::Node(1, 1);
  const ProcessId deaf = Scenario::Node(1, 2);
  s.Cut(coordinator, deaf);
  ASSERT_EQ(s.Put(coordinator, "apples", "red").status, Status::kOk);
  s.Heal();
  ASSERT_EQ(s.Put(coordinator, "pears", "green", {.level = Level::kAll}).status, Status::kOk);

  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(deaf, "apples", {.level = Level::kOne}).values, ElementsAre("red"));
  EXPECT_EQ(s.Violated(), "");
}

TEST(Rule3Test, AReplicaThatHeardOnlyTheOverwritingRowIsToldOfTheOverwrittenDot) {
  Scenario s;
  const ProcessId coordinator = Scenario::Node(1, 1);
  const ProcessId deaf = Scenario::Node(1, 2);
  s.Cut(coordinator, deaf);
  const auto first = s.Put(coordinator, "apples", "red");
  ASSERT_EQ(first.status, Status::kOk);
  s.Heal();
  const Asking with_context{.context = first.context, .level = Level::kAll};
  ASSERT_EQ(s.Put(coordinator, "apples", "yellow", with_context).status, Status::kOk);

  // Quiet only when the vectors are equal: the dot of "red" was listed to node 2 and marked there.
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(deaf, "apples", {.level = Level::kOne}).values, ElementsAre("yellow"));
  EXPECT_EQ(s.Violated(), "");
}

}  // namespace
}  // namespace meridian::sim
