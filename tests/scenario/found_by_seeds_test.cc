// Schedules that seeds of the simulator found, told in words. What the rules' own scenarios cover
// is there.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Status;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

TopologyShape FourNodes() {
  TopologyShape shape = Scenario::SmallShape();
  shape.nodes = 4;
  return shape;
}

TopologyShape TwoGateways() {
  TopologyShape shape = Scenario::SmallShape();
  shape.gateways = 2;
  shape.partition_bits = 2;
  return shape;
}

// A delete without a context covers what its coordinator holds. A node that is no primary passes it
// on; the passed-on message arrives a second time after the client has been answered and has
// written again. Done once more, it would erase the new value.
TEST(FoundBySeedsTest, ADeleteThatWasPassedOnDoesNotEraseWhatIsWrittenAfterIt) {
  for (int i = 0; i < 10; ++i) {
    const Bytes key = "key" + std::to_string(i);
    Scenario s(FourNodes());
    const ProcessId stranger = s.NonPrimariesOf(1, key).front();
    ASSERT_EQ(s.Put(stranger, key, "old").status, Status::kOk);
    s.RunFor(seconds(5));
    s.RepeatEverything(seconds(3));
    ASSERT_EQ(s.Delete(stranger, key).status, Status::kOk);
    ASSERT_EQ(s.Put(s.PrimariesOf(1, key).front(), key, "new").status, Status::kOk);
    s.RunFor(seconds(10));
    EXPECT_THAT(s.Get(stranger, key).values, ElementsAre("new"));
  }
}

// The primary it was passed to is silent. Tried at another, it would be done there, answered, and
// done once more by the first, late.
TEST(FoundBySeedsTest, ADeleteThatAPrimaryHasNotAnsweredIsNotTriedAtAnother) {
  const Bytes key = "key";
  for (std::size_t i = 0; i < 3; ++i) {
    Scenario s(FourNodes());
    const ProcessId stranger = s.NonPrimariesOf(1, key).front();
    const ProcessId silent = s.PrimariesOf(1, key)[i];
    ASSERT_EQ(s.Put(stranger, key, "old").status, Status::kOk);
    s.RunFor(seconds(5));
    s.Hold(stranger, silent);
    const auto answer = s.Delete(stranger, key, {.timeout_ms = 900});
    // One of the three is the one it is passed to.
    if (answer.status != Status::kOk) {
      EXPECT_EQ(answer.status, Status::kTimeout);
      EXPECT_TRUE(answer.maybe) << "it is done when the message arrives";
      continue;
    }
    ASSERT_EQ(s.Put(s.PrimariesOf(1, key)[(i + 1) % 3], key, "new").status, Status::kOk);
    s.RunFor(seconds(5));
    s.Release(stranger, silent);
    s.RunFor(seconds(5));
    EXPECT_THAT(s.Get(stranger, key).values, ElementsAre("new"));
  }
}

// As the first one, but the primary that did it restarts before the second copy arrives, and knows
// it no longer. The copy is addressed to the life that is over.
TEST(FoundBySeedsTest, ADeleteThatWasPassedOnIsNotDoneAgainByTheNextLifeOfItsPrimary) {
  for (int i = 0; i < 10; ++i) {
    const Bytes key = "key" + std::to_string(i);
    Scenario s(FourNodes());
    const ProcessId stranger = s.NonPrimariesOf(1, key).front();
    ASSERT_EQ(s.Put(stranger, key, "old").status, Status::kOk);
    s.RunFor(seconds(5));
    s.RepeatEverything(seconds(6));
    ASSERT_EQ(s.Delete(stranger, key).status, Status::kOk);
    for (const ProcessId primary : s.PrimariesOf(1, key)) {
      s.Crash(primary);
      s.Restart(primary);
    }
    s.RunFor(milliseconds(100));
    ASSERT_EQ(s.Put(s.PrimariesOf(1, key).front(), key, "new").status, Status::kOk);
    s.RunFor(seconds(10));
    EXPECT_THAT(s.Get(stranger, key).values, ElementsAre("new"));
  }
}

// Each of two gateways knows only of its own share what the other region has acknowledged. The lag
// that a region shows is that of all shares together, and it comes to rest.
TEST(FoundBySeedsTest, TwoGatewaysThatShareARegionReportNoLagAtRest) {
  Scenario s(TwoGateways());
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(s.Put(Scenario::Node(1, 1), "key" + std::to_string(i), "value").status, Status::kOk);
  }
  EXPECT_EQ(s.RunUntilQuiet(), "");
}

// An answer about what a region holds goes to the gateway that asked. Given to each in turn, in
// step with the questions, it could miss the same one for ever.
TEST(FoundBySeedsTest, AGatewayThatTookOverAShareGivesItBackAndBothComeToRest) {
  Scenario s(TwoGateways());
  s.Crash(Scenario::Gateway(1, 2));
  s.RunFor(seconds(12));
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(s.Put(Scenario::Node(1, 1), "key" + std::to_string(i), "value").status, Status::kOk);
  }
  s.Restart(Scenario::Gateway(1, 2));
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(Scenario::Node(3, 1), "key7").values, ElementsAre("value"));
}

}  // namespace
}  // namespace meridian::sim
