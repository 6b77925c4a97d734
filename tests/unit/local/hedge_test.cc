#include "local/hedge.h"

#include <gtest/gtest.h>

namespace meridian::local {
namespace {

using std::chrono::milliseconds;

constexpr NodeId kTwo{2}, kThree{3};
using Ids = std::vector<std::uint64_t>;
using Nodes = std::vector<NodeId>;

class HedgeTest : public testing::Test {
 protected:
  static Instant At(std::int64_t ms) { return Instant(milliseconds(1'000'000 + ms)); }
  Nodes OrderAt(std::int64_t ms) {
    Nodes nodes{kTwo, kThree};
    hedge_.Order(At(ms), nodes);
    return nodes;
  }
  // `count` reads of `peer`, one a millisecond from `ms` on, each answered after `took`.
  void Read(NodeId peer, int count, std::int64_t ms, std::int64_t took) {
    for (int i = 0; i < count; ++i) {
      OrderAt(ms + i);
      hedge_.Asked(At(ms + i), peer, ++last_id_);
      hedge_.Answered(At(ms + i + took), peer, last_id_);
    }
  }

  Hedge hedge_{5};
  std::uint64_t last_id_ = 0;
};

TEST_F(HedgeTest, AnAskIsDueOnceItTakesLongerThanItsPeerUsuallyDoes) {
  Read(kTwo, 100, 0, 6);
  const Duration p95 = *hedge_.P95Of(kTwo);
  EXPECT_GE(p95, milliseconds(6));
  EXPECT_LE(p95, milliseconds(8));
  OrderAt(200);
  hedge_.Asked(At(200), kTwo, 1000);
  EXPECT_EQ(hedge_.NextDeadline(), At(200) + p95);
  EXPECT_TRUE(hedge_.DueBy(At(205)).empty());
  EXPECT_EQ(hedge_.DueBy(At(208)), Ids{1000});
  EXPECT_TRUE(hedge_.DueBy(At(300)).empty()) << "each ask once";
  EXPECT_EQ(hedge_.NextDeadline(), kNever);
}

TEST_F(HedgeTest, AnAnsweredAskIsNeverDue) {
  Read(kTwo, 100, 0, 1);
  hedge_.Asked(At(200), kTwo, 1000);
  hedge_.Asked(At(200), kTwo, 1001);
  hedge_.Asked(At(201), kTwo, 1002);
  hedge_.Answered(At(201), kTwo, 1001);
  EXPECT_EQ(hedge_.DueBy(At(210)), (Ids{1000, 1002}));
  hedge_.Answered(At(211), kTwo, 1000);
  hedge_.Answered(At(211), kTwo, 1000);
  hedge_.Answered(At(211), kTwo, 1002);
  EXPECT_EQ(hedge_.NextDeadline(), kNever);
}

TEST_F(HedgeTest, FewerThanOneOfTwentyIsTaken) {
  EXPECT_FALSE(hedge_.Take()) << "nothing is earned yet";
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    hedge_.Asked(At(i), kTwo, ++last_id_);
    taken += hedge_.Take() ? 1 : 0;
  }
  EXPECT_EQ(taken, 50);
  EXPECT_EQ(hedge_.counters().denied, 951U);
}

TEST_F(HedgeTest, TokensDoNotPileUp) {
  for (int i = 0; i < 100'000; ++i) hedge_.Asked(At(i), kTwo, ++last_id_);
  int taken = 0;
  while (hedge_.Take()) ++taken;
  EXPECT_EQ(taken, 64);
}

TEST_F(HedgeTest, APeerThatStandsStillIsAskedLast) {
  Read(kTwo, 100, 0, 1);
  Read(kThree, 100, 100, 1);
  hedge_.Asked(At(300), kTwo, 1000);
  EXPECT_EQ(OrderAt(305), (Nodes{kTwo, kThree}));
  EXPECT_EQ(OrderAt(309), (Nodes{kThree, kTwo}));
  hedge_.Answered(At(310), kTwo, 1000);
  EXPECT_EQ(OrderAt(311), (Nodes{kTwo, kThree})) << "it moves again";
}

TEST_F(HedgeTest, OneReadEachHalfSecondTriesAPeerThatIsSilent) {
  Read(kTwo, 100, 0, 1);
  Read(kThree, 100, 100, 1);
  hedge_.Asked(At(300), kTwo, 1000);
  EXPECT_EQ(OrderAt(799).front(), kThree);
  EXPECT_EQ(OrderAt(800).front(), kTwo);
  hedge_.Asked(At(800), kTwo, 1001);
  EXPECT_EQ(OrderAt(801).front(), kThree);
  // The first ask is forgotten, not the silence.
  hedge_.Asked(At(2300), kTwo, 1002);
  EXPECT_EQ(OrderAt(2301).front(), kThree);
  hedge_.Answered(At(2302), kTwo, 1002);
  hedge_.Answered(At(2302), kTwo, 1001);
  EXPECT_EQ(OrderAt(2303).front(), kTwo);
}

TEST_F(HedgeTest, APeerFourTimesAsSlowAsTheQuickestIsAskedLastAndHedgedEarly) {
  Read(kTwo, 100, 0, 40);
  EXPECT_EQ(OrderAt(200).front(), kTwo) << "nothing is known of the other";
  Read(kThree, 100, 200, 1);
  EXPECT_EQ(OrderAt(300).front(), kThree);
  EXPECT_EQ(OrderAt(700).front(), kTwo) << "tried again";
  hedge_.Asked(At(700), kTwo, 1000);
  EXPECT_EQ(hedge_.NextDeadline(), At(708));
}

TEST_F(HedgeTest, ASlowPeerIsAskedBeforeASilentOne) {
  Read(kTwo, 100, 0, 1);
  Read(kThree, 100, 100, 20);
  EXPECT_EQ(OrderAt(220), (Nodes{kTwo, kThree}));
  hedge_.Asked(At(220), kTwo, 1000);
  EXPECT_EQ(OrderAt(229), (Nodes{kThree, kTwo}));
  hedge_.Asked(At(2300), kTwo, 1001);
  hedge_.Asked(At(2300), kThree, 1002);
  EXPECT_EQ(OrderAt(2310), (Nodes{kThree, kTwo})) << "silent for longer";
}

TEST_F(HedgeTest, WithoutATokenASilentPeerIsTriedSeldom) {
  Read(kTwo, 100, 0, 1);
  Read(kThree, 100, 100, 1);
  while (hedge_.Take()) {
  }
  hedge_.Asked(At(300), kTwo, 1000);
  EXPECT_EQ(OrderAt(5'000).front(), kThree);
  EXPECT_EQ(OrderAt(10'300).front(), kTwo);
}

TEST_F(HedgeTest, APeerOfWhichNothingIsKnownDoesNotCountAsSlow) {
  Read(kTwo, 100, 0, 1);
  hedge_.Asked(At(200), kTwo, 1000);
  hedge_.Asked(At(200), kThree, 1001);
  hedge_.Answered(At(201), kThree, 1001);
  EXPECT_EQ(OrderAt(209).front(), kThree);
}

TEST_F(HedgeTest, WithoutHedgesTheOrderIsThatOfTheList) {
  Hedge none(0);
  Nodes nodes{kTwo, kThree};
  none.Order(At(0), nodes);
  none.Asked(At(0), kTwo, 1);
  none.Order(At(400), nodes);
  EXPECT_EQ(nodes, (Nodes{kTwo, kThree}));
  EXPECT_FALSE(none.Take());
}

}  // namespace
}  // namespace meridian::local
