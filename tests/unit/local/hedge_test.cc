#include "local/hedge.h"

#include <gtest/gtest.h>

namespace meridian::local {
namespace {

using std::chrono::milliseconds;

constexpr NodeId kSecond{2}, kThird{3};
using Ids = std::vector<std::uint64_t>;
using Nodes = std::vector<NodeId>;

class HedgeTest : public testing::Test {
 protected:
  static Instant At(std::int64_t ms) { return Instant(milliseconds(1'000'000 + ms)); }
  Nodes OrderAt(std::int64_t ms) {
    Nodes nodes{kSecond, kThird};
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
  Read(kSecond, 100, 0, 6);
  const Duration p95 = *hedge_.P95Of(kSecond);
  EXPECT_GE(p95, milliseconds(6));
  EXPECT_LE(p95, milliseconds(8));
  OrderAt(200);
  hedge_.Asked(At(200), kSecond, 1000);
  EXPECT_EQ(hedge_.NextDeadline(), At(200) + p95);
  EXPECT_TRUE(hedge_.DueBy(At(205)).empty());
  EXPECT_EQ(hedge_.DueBy(At(208)), Ids{1000});
  EXPECT_TRUE(hedge_.DueBy(At(300)).empty()) << "each ask once";
  EXPECT_EQ(hedge_.NextDeadline(), kNever);
}

TEST_F(HedgeTest, AnAnsweredAskIsNeverDue) {
  Read(kSecond, 100, 0, 1);
  hedge_.Asked(At(200), kSecond, 1000);
  hedge_.Asked(At(200), kSecond, 1001);
  hedge_.Asked(At(201), kSecond, 1002);
  hedge_.Answered(At(201), kSecond, 1001);
  EXPECT_EQ(hedge_.DueBy(At(210)), (Ids{1000, 1002}));
  hedge_.Answered(At(211), kSecond, 1000);
  hedge_.Answered(At(211), kSecond, 1000);
  hedge_.Answered(At(211), kSecond, 1002);
  EXPECT_EQ(hedge_.NextDeadline(), kNever);
}

TEST_F(HedgeTest, FewerThanOneOfTwentyIsTaken) {
  EXPECT_FALSE(hedge_.Take()) << "nothing is earned yet";
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    hedge_.Asked(At(i), kSecond, ++last_id_);
    taken += hedge_.Take() ? 1 : 0;
  }
  EXPECT_EQ(taken, 50);
  EXPECT_EQ(hedge_.counters().denied, 951U);
}

TEST_F(HedgeTest, TokensDoNotPileUp) {
  for (int i = 0; i < 100'000; ++i) hedge_.Asked(At(i), kSecond, ++last_id_);
  int taken = 0;
  while (hedge_.Take()) ++taken;
  EXPECT_EQ(taken, 64);
}

TEST_F(HedgeTest, APeerThatStandsStillIsAskedLast) {
  Read(kSecond, 100, 0, 1);
  Read(kThird, 100, 100, 1);
  hedge_.Asked(At(300), kSecond, 1000);
  EXPECT_EQ(OrderAt(305), (Nodes{kSecond, kThird}));
  EXPECT_EQ(OrderAt(309), (Nodes{kThird, kSecond}));
  hedge_.Answered(At(310), kSecond, 1000);
  EXPECT_EQ(OrderAt(311), (Nodes{kSecond, kThird})) << "it moves again";
}

TEST_F(HedgeTest, OneReadEachHalfSecondTriesAPeerThatIsSilent) {
  Read(kSecond, 100, 0, 1);
  Read(kThird, 100, 100, 1);
  hedge_.Asked(At(300), kSecond, 1000);
  EXPECT_EQ(OrderAt(799).front(), kThird);
  EXPECT_EQ(OrderAt(800).front(), kSecond);
  hedge_.Asked(At(800), kSecond, 1001);
  EXPECT_EQ(OrderAt(801).front(), kThird);
  // The first ask is forgotten, not the silence.
  hedge_.Asked(At(2300), kSecond, 1002);
  EXPECT_EQ(OrderAt(2301).front(), kThird);
  hedge_.Answered(At(2302), kSecond, 1002);
  hedge_.Answered(At(2302), kSecond, 1001);
  EXPECT_EQ(OrderAt(2303).front(), kSecond);
}

TEST_F(HedgeTest, APeerFourTimesAsSlowAsTheQuickestIsAskedLastAndHedgedEarly) {
  Read(kSecond, 100, 0, 40);
  EXPECT_EQ(OrderAt(200).front(), kSecond) << "nothing is known of the other";
  Read(kThird, 100, 200, 1);
  EXPECT_EQ(OrderAt(300).front(), kThird);
  EXPECT_EQ(OrderAt(700).front(), kSecond) << "tried again";
  hedge_.Asked(At(700), kSecond, 1000);
  EXPECT_EQ(hedge_.NextDeadline(), At(708));
}

TEST_F(HedgeTest, ASlowPeerIsAskedBeforeASilentOne) {
  Read(kSecond, 100, 0, 1);
  Read(kThird, 100, 100, 20);
  EXPECT_EQ(OrderAt(220), (Nodes{kSecond, kThird}));
  hedge_.Asked(At(220), kSecond, 1000);
  EXPECT_EQ(OrderAt(229), (Nodes{kThird, kSecond}));
  hedge_.Asked(At(2300), kSecond, 1001);
  hedge_.Asked(At(2300), kThird, 1002);
  EXPECT_EQ(OrderAt(2310), (Nodes{kThird, kSecond})) << "silent for longer";
}

TEST_F(HedgeTest, WithoutATokenASilentPeerIsTriedSeldom) {
  Read(kSecond, 100, 0, 1);
  Read(kThird, 100, 100, 1);
  while (hedge_.Take()) {
  }
  hedge_.Asked(At(300), kSecond, 1000);
  EXPECT_EQ(OrderAt(5'000).front(), kThird);
  EXPECT_EQ(OrderAt(10'300).front(), kSecond);
}

TEST_F(HedgeTest, APeerOfWhichNothingIsKnownDoesNotCountAsSlow) {
  Read(kSecond, 100, 0, 1);
  hedge_.Asked(At(200), kSecond, 1000);
  hedge_.Asked(At(200), kThird, 1001);
  hedge_.Answered(At(201), kThird, 1001);
  EXPECT_EQ(OrderAt(209).front(), kThird);
}

TEST_F(HedgeTest, WithoutHedgesTheOrderIsThatOfTheList) {
  Hedge none(0);
  Nodes nodes{kSecond, kThird};
  none.Order(At(0), nodes);
  none.Asked(At(0), kSecond, 1);
  none.Order(At(400), nodes);
  EXPECT_EQ(nodes, (Nodes{kSecond, kThird}));
  EXPECT_FALSE(none.Take());
}

}  // namespace
}  // namespace meridian::local
