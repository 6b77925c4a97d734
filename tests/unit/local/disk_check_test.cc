#include "local/disk_check.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

constexpr std::uint64_t kNonce = 99;

// Node 1 of three, over a disk that outlives it.
struct Life {
  Life(MemoryDisk& from, std::int64_t milliseconds)
      : ring(SmallTopology(), NodeOf(1)), disk(from), turn(ring.self(), disk), replica(ring, turn) {
    replica.Start();
    check.Start(At(milliseconds));
  }
  void Hear(std::uint32_t from, const DiskKnown& known, std::int64_t milliseconds = 10) {
    check.OnKnown(At(milliseconds), {from}, known);
  }
  void HearNothingKnown() {
    Hear(2, {kNonce, 0, 0, true});
    Hear(3, {kNonce, 0, 0, true});
  }
  void Begin(std::int64_t milliseconds = 10) {
    replica.minter().Begin({}, check.known_incarnation(), 0);
    check.Begin(At(milliseconds));
    Sync();
  }
  void Write(std::uint64_t sequence) {
    replica.Apply({KeyOf("milk"), Written({}, {kA, sequence}, "v"), {}});
  }
  Output End() {
    Output output = turn.Take();
    disk.Apply(output.writes);
    if (output.writes.id.value != 0) written = output.writes.id;
    return output;
  }
  Output Sync() {
    Output output = End();
    turn.MarkDurable(written);
    return output;
  }
  Output TickAt(std::int64_t milliseconds) {
    check.Tick(At(milliseconds));
    return End();
  }
  // What it tells peers at this second.
  std::uint64_t MarkAt(std::int64_t seconds) {
    const auto marks = SentOf<LifeMark>(TickAt(seconds * 1000));
    EXPECT_FALSE(marks.empty());
    turn.MarkDurable(written);
    return marks.empty() ? 0 : marks[0].message.mark;
  }

  Ring ring;
  MemoryDisk& disk;
  Turn turn;
  Replica replica;
  DiskCheck check{ring, turn, replica, {}, kNonce};
  BatchId written;
};

class DiskCheckTest : public testing::Test {
 protected:
  // The disk after a life that told others this mark; and an incarnation.
  std::pair<std::uint64_t, std::uint32_t> LiveOnce() {
    Life life(disk_, 0);
    life.HearNothingKnown();
    life.Begin();
    life.Write(1);
    life.Sync();
    const std::uint64_t mark = life.MarkAt(2);
    return {mark, life.replica.minter().latest()};
  }
  MemoryDisk disk_;
};

TEST_F(DiskCheckTest, ANewRingsDisksAreSound) {
  Life life(disk_, 0);
  EXPECT_EQ(NumbersOf(SentOf<DiskAsk>(life.End())), (std::vector<std::uint32_t>{2, 3}));
  EXPECT_FALSE(life.check.judged());
  life.HearNothingKnown();
  EXPECT_TRUE(life.check.judged());
  EXPECT_FALSE(life.check.must_fill());
}

TEST_F(DiskCheckTest, AnEmptyDiskOfANodeThatPeersKnowIsFilled) {
  Life life(disk_, 0);
  life.Hear(2, {kNonce, 7, 41, true});
  life.Hear(3, {kNonce, 0, 0, true});
  EXPECT_TRUE(life.check.must_fill());
  EXPECT_EQ(life.check.known_incarnation(), 7U);
}

TEST_F(DiskCheckTest, AnEmptyDiskAmongPeersThatHoldDataIsFilled) {
  Life life(disk_, 0);
  life.Hear(2, {kNonce, 0, 0, false});
  life.Hear(3, {kNonce, 0, 0, true});
  EXPECT_TRUE(life.check.must_fill()) << "a node that joins";
}

TEST_F(DiskCheckTest, AnEmptyDiskIsFilledWhenAPeerIsSilent) {
  Life life(disk_, 0);
  life.Hear(2, {kNonce, 0, 0, true});
  life.TickAt(999);
  EXPECT_FALSE(life.check.judged());
  life.TickAt(1200);
  EXPECT_TRUE(life.check.judged());
  EXPECT_TRUE(life.check.must_fill());
}

TEST_F(DiskCheckTest, TheDiskThatItHadIsSound) {
  const auto [mark, incarnation] = LiveOnce();
  Life again(disk_, 0);
  again.Hear(2, {kNonce, incarnation, mark, false});
  again.TickAt(1200);
  EXPECT_TRUE(again.check.judged()) << "whoever is silent";
  EXPECT_FALSE(again.check.must_fill());
}

TEST_F(DiskCheckTest, ADiskBehindAMarkIsOld) {
  const auto [mark, incarnation] = LiveOnce();
  Life again(disk_, 0);
  again.Hear(2, {kNonce, incarnation, mark + 1, false});
  EXPECT_TRUE(again.check.must_fill());
}

TEST_F(DiskCheckTest, ADiskBehindAnIncarnationIsOld) {
  const auto [mark, incarnation] = LiveOnce();
  Life again(disk_, 0);
  again.Hear(3, {kNonce, incarnation + 1, mark, false});
  EXPECT_TRUE(again.check.must_fill());
}

TEST_F(DiskCheckTest, SilentPeersAreAskedAgain) {
  Life life(disk_, 0);
  life.End();
  life.Hear(2, {kNonce, 0, 0, true});
  EXPECT_EQ(NumbersOf(SentOf<DiskAsk>(life.TickAt(200))), std::vector<std::uint32_t>{3});
}

TEST_F(DiskCheckTest, AnswersToAnotherLifeAreIgnored) {
  Life life(disk_, 0);
  life.Hear(2, {kNonce + 1, 0, 0, true});
  life.Hear(3, {kNonce + 1, 0, 0, true});
  EXPECT_FALSE(life.check.judged());
}

TEST_F(DiskCheckTest, AContradictionIsFoundLate) {
  const auto [mark, incarnation] = LiveOnce();
  Life again(disk_, 0);
  again.TickAt(1200);
  ASSERT_TRUE(again.check.judged());
  again.Begin(1200);
  again.Hear(2, {kNonce, incarnation, mark, false}, 3000);
  EXPECT_FALSE(again.check.contradicted());
  again.Hear(3, {kNonce, incarnation, mark + 5, false}, 3000);
  EXPECT_TRUE(again.check.contradicted());
  EXPECT_TRUE(again.check.must_fill());
  again.Begin(3000);
  EXPECT_FALSE(again.check.contradicted());
  EXPECT_GT(again.MarkAt(5), mark + 5);
}

TEST_F(DiskCheckTest, ItsOwnIncarnationComingBackIsNoContradiction) {
  const auto [mark, incarnation] = LiveOnce();
  Life again(disk_, 0);
  again.TickAt(1200);
  again.Begin(1200);
  again.Hear(2, {kNonce, again.replica.minter().latest(), mark, false}, 3000);
  EXPECT_FALSE(again.check.contradicted());
  again.Hear(3, {kNonce, again.replica.minter().latest() + 1, mark, false}, 3000);
  EXPECT_TRUE(again.check.contradicted()) << "its dots could be minted twice";
}

TEST_F(DiskCheckTest, TheMarkAdvancesWhenSomethingWasWritten) {
  Life life(disk_, 0);
  life.HearNothingKnown();
  life.Begin();
  const std::uint64_t first = life.MarkAt(2);
  EXPECT_EQ(life.MarkAt(3), first);
  life.Write(1);
  EXPECT_EQ(life.MarkAt(4), first + 1);
  life.check.OnLifeMark({2}, {5, 6});
  EXPECT_EQ(life.MarkAt(5), first + 1) << "or two idle nodes would keep each other writing";
}

TEST_F(DiskCheckTest, AMarkIsToldWhenItIsDurableAndToWhomHasAnswered) {
  Life life(disk_, 0);
  life.Hear(2, {kNonce, 0, 0, true});
  life.TickAt(1200);
  life.Begin(1200);
  life.Write(1);
  const auto marks = SentOf<LifeMark>(life.TickAt(3000));
  EXPECT_EQ(NumbersOf(marks), std::vector<std::uint32_t>{2});
  EXPECT_EQ(marks.at(0).after, life.written);
}

TEST_F(DiskCheckTest, WhatPeersToldIsRememberedOverRestarts) {
  {
    Life life(disk_, 0);
    life.check.OnLifeMark({2}, {7, 41});
    life.check.OnLifeMark({2}, {8, 20});  // an old disk's new life
    life.check.OnLifeMark({9}, {8, 20});
    life.End();
  }
  Life again(disk_, 0);
  again.End();
  again.check.OnAsk({2}, {5, 0, 0});
  const auto known = SentOf<DiskKnown>(again.End());
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known[0].message.nonce, 5U);
  EXPECT_EQ(known[0].message.incarnation, 8U);
  EXPECT_EQ(known[0].message.mark, 41U);
  EXPECT_TRUE(known[0].message.empty);
  again.check.OnAsk({2}, {5, 8, 8});
  EXPECT_EQ(SentOf<DiskKnown>(again.End()).at(0).message.incarnation, 0U) << "its own is no news";
}

TEST_F(DiskCheckTest, DotsTellOfIncarnationsToo) {
  Life life(disk_, 0);
  const Actor theirs = Actor::Of({1}, {2}, 12);
  life.replica.Apply({KeyOf("milk"), Written({}, {theirs, 1}, "v"), {}});
  life.End();
  life.check.OnAsk({2}, {5, 0, 0});
  const auto known = SentOf<DiskKnown>(life.End());
  EXPECT_EQ(known.at(0).message.incarnation, 12U);
  EXPECT_FALSE(known.at(0).message.empty);
}

TEST_F(DiskCheckTest, WhoJoinsLaterDoesNotMakeANewRingAnOldOne) {
  Life life(disk_, 0);
  life.HearNothingKnown();
  life.Begin();
  View view = FirstView(SmallTopology(), "");
  life.ring.Adopt(*ViewForLayout(view, {1}, LayoutAfter(view, SmallTopology(4))));
  life.check.FollowView();
  const auto asks = SentOf<DiskAsk>(life.TickAt(1100));
  EXPECT_EQ(NumbersOf(asks), std::vector<std::uint32_t>{4});
  life.Hear(4, {kNonce, 0, 0, false}, 1110);  // it has been written some rows already
  EXPECT_FALSE(life.check.contradicted());
  EXPECT_EQ(SentOf<LifeMark>(life.TickAt(3000)).size(), 3U) << "and hears of this disk now";
}

}  // namespace
}  // namespace meridian::local
