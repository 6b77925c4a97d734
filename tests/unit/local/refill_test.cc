#include "local/refill.h"

#include <gtest/gtest.h>

#include <functional>

#include "local/fill_source.h"
#include "support/local_node.h"

namespace meridian::local {
namespace {

RefillOptions SlowSlices() {
  RefillOptions options;
  options.bytes_per_answer = 1000;
  return options;
}

struct Holder {
  explicit Holder(std::uint32_t number) : node(number) {}
  LocalNode node;
  FillSource source{node.ring, node.turn, node.replica, 1000};
  bool sound = true;
  bool silent = false;
};

// Node 1 is filled by 2 and 3.
class RefillTest : public testing::Test {
 protected:
  using Asks = std::vector<Sent<FillAsk>>;

  void Give(Holder& holder, std::size_t first, std::size_t last) {
    for (std::size_t i = first; i <= last; ++i) {
      holder.node.replica.Apply({keys_[i - 1], Written({}, {kA, i}, Bytes(100, 'v')), {}});
    }
    holder.node.End();
  }
  void Add(std::size_t needed = 2) {
    refill_.Start(100);
    refill_.Add(At(now_), key_, {{2}, {3}}, needed);
  }
  Asks TickAt(std::int64_t milliseconds) {
    now_ = milliseconds;
    refill_.Tick(At(now_));
    return SentOf<FillAsk>(node_.End());
  }
  Asks Answer(const Sent<FillAsk>& ask) {
    Holder& holder = ask.to.number == 2 ? two_ : three_;
    if (holder.silent) return {};
    holder.source.OnAsk(node_.ring.self(), ask.message, holder.sound);
    const auto rows = SentOf<FillRows>(holder.node.End());
    refill_.OnRows(At(now_), {ask.to.number}, rows.at(0).message);
    return SentOf<FillAsk>(node_.End());
  }
  // Answers until nothing more is asked; how many asks there were.
  int Converse(Asks asks) {
    int count = 0;
    while (!asks.empty()) {
      Asks next;
      for (const auto& ask : asks) {
        EXPECT_LT(++count, 500);
        for (auto& follows : Answer(ask)) next.push_back(std::move(follows));
      }
      asks = std::move(next);
    }
    return count;
  }
  bool Filled() { return refill_.TakeFilled() == std::vector<PartitionKey>{key_}; }
  const crdt::SeenVector& Seen() { return node_.replica.log().Seen(key_); }

  LocalNode node_{1};
  Refill refill_{node_.ring, node_.turn, node_.replica, SlowSlices()};
  Holder two_{2};
  Holder three_{3};
  std::vector<crdt::RowKey> keys_ = KeysOfOnePartition(node_.ring, 60);
  PartitionKey key_ = node_.PartitionOf(keys_[0]);
  std::int64_t now_ = 0;
};

TEST_F(RefillTest, IsFilledWithWhatAnyOfThemHas) {
  Give(two_, 1, 40);
  Give(three_, 30, 60);
  Add();
  EXPECT_TRUE(refill_.IsFilling(key_));
  EXPECT_GT(Converse(TickAt(0)), 5);
  EXPECT_TRUE(Filled());
  EXPECT_FALSE(refill_.IsFilling(key_));
  EXPECT_EQ(Seen().Count(), 60U);
  EXPECT_EQ(refill_.NextDeadline(), kNever);
}

TEST_F(RefillTest, TheSecondSendsOnlyWhatTheFirstHadNot) {
  Give(two_, 1, 60);
  Give(three_, 1, 60);
  Add();
  Converse(TickAt(0));
  EXPECT_EQ(two_.source.rows_sent() + three_.source.rows_sent(), 60U);
  EXPECT_EQ(refill_.Progress(At(now_)).rows, 60U);
}

TEST_F(RefillTest, OverwrittenDotsComeToo) {
  const crdt::Row old = Written({}, {kA, 1}, "old");
  two_.node.replica.Apply({keys_[0], old, {}});
  two_.node.replica.Apply({keys_[0], Written(old, {kA, 2}, "new", old.context), {}});
  two_.node.End();
  Add();
  Converse(TickAt(0));
  EXPECT_TRUE(Filled());
  EXPECT_EQ(ValuesOf(node_.Read(keys_[0])), std::vector<Bytes>{"new"});
  EXPECT_EQ(Seen().Count(), 2U);
}

TEST_F(RefillTest, OneSoundNodeIsEnoughWhenOneIsNeeded) {
  Give(two_, 1, 10);
  Give(three_, 1, 10);
  Add(1);
  Converse(TickAt(0));
  EXPECT_TRUE(Filled());
  EXPECT_TRUE(two_.source.rows_sent() == 0 || three_.source.rows_sent() == 0);
}

TEST_F(RefillTest, ASilentNodeIsWaitedForAndAskedAgain) {
  Give(two_, 1, 10);
  Give(three_, 11, 20);
  three_.silent = true;
  Add();
  Converse(TickAt(0));
  EXPECT_FALSE(Filled());
  Converse(TickAt(1000));  // given up
  EXPECT_FALSE(Filled());
  three_.silent = false;
  Converse(TickAt(5000));
  EXPECT_TRUE(Filled());
  EXPECT_EQ(Seen().Count(), 20U);
}

TEST_F(RefillTest, AnUnsoundNodeCountsOnlyWhenAllArePassed) {
  Give(two_, 1, 10);
  Give(three_, 1, 20);
  two_.sound = false;
  three_.silent = true;
  Add(1);
  Converse(TickAt(0));
  EXPECT_FALSE(Filled()) << "the one that was passed may lack what was lost";
  Converse(TickAt(3000));
  three_.silent = false;
  three_.sound = false;
  Converse(TickAt(6000));
  EXPECT_TRUE(Filled()) << "there is nobody else";
}

TEST_F(RefillTest, AnUnsoundNodeIsAskedAgainLater) {
  two_.sound = false;
  three_.silent = true;
  Add(1);
  Converse(TickAt(0));
  Give(two_, 1, 10);
  two_.sound = true;
  Converse(TickAt(3000));
  EXPECT_TRUE(Filled());
  EXPECT_EQ(Seen().Count(), 10U);
}

TEST_F(RefillTest, WithNobodyElseItIsFilledAtOnce) {
  refill_.Add(At(0), key_, {}, 1);
  EXPECT_TRUE(Filled());
}

TEST_F(RefillTest, ADroppedPartitionIsAskedForNoMore) {
  Give(two_, 1, 60);
  Add();
  const Asks asks = TickAt(0);
  ASSERT_FALSE(asks.empty());
  refill_.Drop(key_);
  EXPECT_TRUE(Answer(asks[0]).empty());
  EXPECT_GT(Seen().Count(), 0U) << "rows are welcome whenever they come";
  EXPECT_FALSE(Filled());
}

TEST_F(RefillTest, AnswersOfOthersAndOfOldAsksLeadNowhere) {
  Give(two_, 1, 60);
  Give(three_, 1, 60);
  Add();
  const Asks asks = TickAt(0);
  ASSERT_EQ(asks.size(), 1U) << "one ask a partition";
  refill_.OnRows(At(0), {asks[0].to.number == 2 ? 3U : 2U},
                 {asks[0].message.id, {}, {}, false, true});
  refill_.OnRows(At(0), {asks[0].to.number}, {asks[0].message.id + 9, {}, {}, false, true});
  EXPECT_TRUE(SentOf<FillAsk>(node_.End()).empty());
}

TEST_F(RefillTest, TheRateIsKept) {
  RefillOptions slow = SlowSlices();
  slow.bytes_per_second = 1000;
  Refill refill(node_.ring, node_.turn, node_.replica, slow);
  refill.Add(At(0), key_, {{2}}, 1);
  Give(two_, 1, 60);
  refill.Tick(At(0));
  auto asks = SentOf<FillAsk>(node_.End());
  two_.source.OnAsk(node_.ring.self(), asks.at(0).message, true);
  refill.OnRows(At(0), {2}, SentOf<FillRows>(two_.node.End()).at(0).message);
  EXPECT_TRUE(SentOf<FillAsk>(node_.End()).empty()) << "a second's worth came";
  refill.Tick(At(500));
  EXPECT_TRUE(SentOf<FillAsk>(node_.End()).empty());
  refill.Tick(At(1500));
  EXPECT_EQ(SentOf<FillAsk>(node_.End()).size(), 1U);
}

TEST_F(RefillTest, NotAllPartitionsAreAskedForAtOnce) {
  for (const PartitionKey key : node_.replica.log().partitions()) {
    refill_.Add(At(0), key, {{2}, {3}}, 2);
  }
  const Asks asks = TickAt(0);
  EXPECT_EQ(asks.size(), 4U);
  EXPECT_EQ(NumbersOf(asks), (std::vector<std::uint32_t>{2, 2, 3, 3}));
}

TEST_F(RefillTest, ProgressAndWhatIsLeftAreKnown) {
  Give(two_, 1, 60);
  EXPECT_EQ(refill_.Progress(At(0)).share, 1);
  Add(1);
  EXPECT_EQ(refill_.Progress(At(0)).share, 0);
  EXPECT_FALSE(refill_.Progress(At(0)).left);
  three_.silent = true;
  now_ = 100;
  refill_.Tick(At(100));
  Asks asks = SentOf<FillAsk>(node_.End());
  if (asks.at(0).to.number == 3) asks = TickAt(3100);  // silent: the other one
  Answer(asks.at(0));
  now_ += 900;
  const RefillProgress some = refill_.Progress(At(now_));
  EXPECT_GT(some.share, 0);
  EXPECT_LT(some.share, 1);
  ASSERT_TRUE(some.left);
  EXPECT_GT(*some.left, Duration{});
  EXPECT_EQ(some.partitions, 1U);
  EXPECT_EQ(some.filled, 0U);
  EXPECT_GT(some.bytes, 500U);
}

TEST_F(RefillTest, GentleAsksAreOneAtATimeAndRestEightTimesAsLongAsOneTook) {
  Give(two_, 1, 60);
  refill_.Start(100);
  refill_.Add(At(0), key_, {{2}, {3}}, 2, true);
  const Asks asks = TickAt(0);
  ASSERT_EQ(asks.size(), 1U);
  now_ = 10;
  EXPECT_TRUE(Answer(asks[0]).empty());
  EXPECT_TRUE(TickAt(89).empty());
  EXPECT_EQ(TickAt(90).size(), 1U);
}

}  // namespace
}  // namespace meridian::local
