// A get at each_quorum: what a quorum of any region of the placement holds is seen, whether it has
// been shipped or not, and a region that cannot be asked is named.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Level;
using node::Status;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

const Asking kEverywhere{.level = Level::kEachQuorum};

TEST(EachQuorumReadTest, SeesWhatAnotherRegionWroteAndHasNotShipped) {
  Scenario s;
  ASSERT_EQ(s.Put(Scenario::Node(1, 1), "cart", "milk").status, Status::kOk);
  ASSERT_EQ(s.Put(Scenario::Node(2, 1), "cart", "wine").status, Status::kOk);
  ASSERT_THAT(s.Get(Scenario::Node(1, 1), "cart").values, ElementsAre("milk")) << "not shipped yet";
  const auto read = s.Get(Scenario::Node(1, 2), "cart", kEverywhere);
  EXPECT_EQ(read.status, Status::kSiblings);
  EXPECT_THAT(read.values, UnorderedElementsAre("milk", "wine"));
  // Its context covers both, and what arrives later is not there a second time.
  ASSERT_EQ(s.Put(Scenario::Node(1, 3), "cart", "both", {.context = read.context}).status,
            Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  for (std::uint16_t region = 1; region <= 3; ++region) {
    EXPECT_THAT(s.Get(Scenario::Node(region, 1), "cart").values, ElementsAre("both"));
  }
  EXPECT_EQ(s.Violated(), "");
}

TEST(EachQuorumReadTest, RepairsTheCopiesHereBehindTheAnswer) {
  Scenario s;
  s.CutRegions(1, 2);
  ASSERT_EQ(s.Put(Scenario::Node(2, 1), "cart", "wine").status, Status::kOk);
  s.RunFor(std::chrono::milliseconds(50));
  s.CutRegions(1, 3);
  s.Heal();
  ASSERT_EQ(s.Get(Scenario::Node(1, 1), "cart", kEverywhere).status, Status::kOk);
  s.CutRegions(1, 2);
  s.CutRegions(1, 3);
  s.RunFor(std::chrono::milliseconds(50));
  EXPECT_THAT(s.Get(Scenario::Node(1, 1), "cart").values, ElementsAre("wine"));
}

TEST(EachQuorumReadTest, ARegionThatIsCutOffIsNamed) {
  Scenario s;
  ASSERT_EQ(s.Put(Scenario::Node(1, 1), "cart", "milk").status, Status::kOk);
  s.CutRegions(1, 3);
  const auto read = s.Get(s.PrimariesOf(1, "cart").front(), "cart", kEverywhere);
  EXPECT_EQ(read.status, Status::kTimeout);
  EXPECT_THAT(read.message, HasSubstr("no quorum of"));
  EXPECT_THAT(read.message, HasSubstr("r3"));
  EXPECT_THAT(read.message, Not(HasSubstr("r2")));
  EXPECT_EQ(s.Get(Scenario::Node(1, 1), "cart").status, Status::kOk) << "its own region serves";
  s.Heal();
  EXPECT_EQ(s.Get(Scenario::Node(1, 1), "cart", kEverywhere).status, Status::kOk);
}

TEST(EachQuorumReadTest, AnAskThatDiedWithItsGatewayIsMadeAgain) {
  Scenario s;
  ASSERT_EQ(s.Put(Scenario::Node(2, 1), "cart", "wine").status, Status::kOk);
  const auto read = s.BeginGet(s.PrimariesOf(1, "cart").front(), "cart", kEverywhere);
  s.RunFor(std::chrono::milliseconds(5));
  s.Crash(Scenario::Gateway(1));
  s.Crash(Scenario::Gateway(2));
  s.RunFor(std::chrono::milliseconds(100));
  s.Restart(Scenario::Gateway(1));
  s.Restart(Scenario::Gateway(2));
  s.RunFor(std::chrono::seconds(2));
  ASSERT_TRUE(*read);
  EXPECT_THAT((*read)->values, ElementsAre("wine")) << (*read)->message;
}

TEST(EachQuorumReadTest, OnlyRegionsOfThePlacementAreWaitedFor) {
  Scenario s;
  s.CutRegions(1, 3);
  const Asking in_pair{.space = "pair", .level = Level::kEachQuorum};
  ASSERT_EQ(s.Put(Scenario::Node(2, 1), "key", "value", {.space = "pair"}).status, Status::kOk);
  EXPECT_THAT(s.Get(Scenario::Node(1, 1), "key", in_pair).values, ElementsAre("value"));
}

}  // namespace
}  // namespace meridian::sim
