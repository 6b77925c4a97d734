#include "local/catch_up.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

CatchUpOptions SmallSlices() {
  CatchUpOptions options;
  options.bytes_per_answer = 1000;
  return options;
}

// A node that catches up.
struct Peer {
  explicit Peer(std::uint32_t number, MemoryDisk disk = {}, std::uint32_t nodes = 3)
      : node(number, std::move(disk), nodes),
        catch_up(node.ring, node.turn, node.replica, SmallSlices()) {
    catch_up.Start(At(0));
  }
  void Apply(const crdt::RowKey& key, crdt::Dot dot, const Bytes& value = "v") {
    ASSERT_TRUE(node.replica.Apply({key, Written({}, dot, value), {}}));
  }
  Output TickAt(std::int64_t seconds) {
    catch_up.Tick(At(seconds * 1000));
    return node.End();
  }
  // As if everything it wrote were long known: two beats.
  void Settle(std::int64_t from_second) {
    TickAt(from_second);
    TickAt(from_second + 1);
    node.Sync();
  }

  LocalNode node;
  CatchUp catch_up;
};

class CatchUpTest : public testing::Test {
 protected:
  // What b sends when it gets a's probe of this second.
  Output Probed(std::int64_t seconds) {
    for (const auto& probe : SentOf<SeenProbe>(a_.TickAt(seconds))) {
      if (probe.to == b_.node.ring.self())
        b_.catch_up.OnProbe(At(seconds * 1000), {1}, probe.message);
    }
    return b_.node.End();
  }
  // Carries b's ask to a and a's answer to b, and so on; how often b asked.
  int Converse(Output output) {
    int asks = 0;
    for (;;) {
      const auto ask = SentOf<CatchUpAsk>(output);
      if (ask.empty()) return asks;
      EXPECT_EQ(ask.size(), 1U);
      EXPECT_LT(++asks, 100);
      a_.catch_up.OnAsk(At(0), {2}, ask[0].message);
      const auto rows = SentOf<CatchUpRows>(a_.node.End());
      EXPECT_EQ(rows.size(), 1U);
      b_.catch_up.OnRows(At(0), {1}, rows[0].message);
      output = b_.node.End();
    }
  }

  Peer a_{1};
  Peer b_{2};
};

TEST_F(CatchUpTest, EveryPeerIsProbedEverySecond) {
  EXPECT_EQ(a_.catch_up.NextDeadline(), At(0).monotonic);
  EXPECT_EQ(NumbersOf(SentOf<SeenProbe>(a_.TickAt(0))), (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(a_.catch_up.NextDeadline(), At(1000).monotonic);
  a_.catch_up.Tick(At(999));
  EXPECT_TRUE(a_.node.End().messages.empty());
  EXPECT_EQ(SentOf<SeenProbe>(a_.TickAt(1)).size(), 2U);
}

TEST_F(CatchUpTest, APartitionIsProbedWithThoseWhoHoldIt) {
  Peer one(1, {}, 5);
  Peer two(2, {}, 5);
  for (const auto& probe : SentOf<SeenProbe>(one.TickAt(0))) {
    std::size_t shared = 0;
    for (const PartitionKey key : one.node.replica.log().partitions()) {
      shared += one.node.ring.ListOf(key)->IsPrimary({probe.to.number}) ? 1U : 0U;
    }
    EXPECT_EQ(probe.message.digests.size(), shared);
  }
}

TEST_F(CatchUpTest, EqualDigestsAreMetWithSilence) {
  a_.Apply(kMilk, {kA, 1});
  b_.Apply(kMilk, {kA, 1});
  EXPECT_TRUE(Probed(0).messages.empty());
}

TEST_F(CatchUpTest, WhatItLacksIsPulled) {
  a_.Apply(kMilk, {kA, 1}, "milk");
  a_.Apply(kMilk, {kB, 3}, "bread");
  a_.Settle(0);
  EXPECT_EQ(Converse(Probed(2)), 1);
  EXPECT_EQ(ValuesOf(b_.node.Read(kMilk)), (std::vector<Bytes>{"bread", "milk"}));
  EXPECT_EQ(b_.node.Seen(kMilk), a_.node.Seen(kMilk));
  EXPECT_TRUE(Probed(3).messages.empty());
}

TEST_F(CatchUpTest, OverwrittenDotsComeListed) {
  const crdt::Row old = Written({}, {kA, 1}, "milk");
  a_.node.replica.Apply({kMilk, old, {}});
  a_.node.replica.Apply({kMilk, Written(old, {kA, 2}, "bread", old.context), {}});
  a_.Settle(0);
  Converse(Probed(2));
  EXPECT_EQ(ValuesOf(b_.node.Read(kMilk)), std::vector<Bytes>{"bread"});
  EXPECT_EQ(b_.node.Seen(kMilk).Count(), 2U);
}

TEST_F(CatchUpTest, ManyRowsComeInSlices) {
  const auto keys = KeysOfOnePartition(a_.node.ring, 50);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    a_.Apply(keys[i], {kA, i + 1}, Bytes(100, 'v'));
    a_.Apply(KeyOf("other" + std::to_string(i), kHome), {kB, i + 1});
  }
  a_.Settle(0);
  EXPECT_GT(Converse(Probed(2)), 5);
  for (const PartitionKey key : a_.node.replica.log().partitions()) {
    EXPECT_EQ(b_.node.replica.log().Seen(key), a_.node.replica.log().Seen(key));
  }
  EXPECT_EQ(a_.catch_up.counters().rows_sent, 100U);
  EXPECT_EQ(b_.catch_up.counters().rows_received, 100U);
}

TEST_F(CatchUpTest, ValuesLargerThanASliceComeOneByOne) {
  const auto keys = KeysOfOnePartition(a_.node.ring, 10);
  for (std::size_t i = 0; i < keys.size(); ++i) a_.Apply(keys[i], {kA, i + 1}, Bytes(5000, 'v'));
  a_.Settle(0);
  EXPECT_EQ(Converse(Probed(2)), 10);
  EXPECT_EQ(b_.node.Seen(keys[0]), a_.node.Seen(keys[0]));
}

TEST_F(CatchUpTest, WhatIsInFlightIsNotSent) {
  a_.Apply(kMilk, {kA, 1});
  a_.TickAt(1);  // b has still a second to get it by itself
  a_.node.Sync();
  const auto ask = SentOf<CatchUpAsk>(Probed(1));
  Output output = Probed(2);
  ASSERT_FALSE(SentOf<CatchUpAsk>(output).empty());
  CatchUpAsk all = SentOf<CatchUpAsk>(output)[0].message;

  Peer fresh(1);
  fresh.Apply(kMilk, {kA, 1});
  for (const std::int64_t second : {1, 2}) {
    fresh.catch_up.OnAsk(At(0), {2}, all);
    const auto rows = SentOf<CatchUpRows>(fresh.node.End());
    ASSERT_EQ(rows.size(), 1U) << "the asker waits for an answer";
    EXPECT_TRUE(rows[0].message.rows.empty());
    fresh.TickAt(second);
  }
  fresh.catch_up.OnAsk(At(0), {2}, all);
  EXPECT_EQ(SentOf<CatchUpRows>(fresh.node.End())[0].message.rows.size(), 1U);
}

TEST_F(CatchUpTest, NothingIsInFlightAfterAStart) {
  a_.Apply(kMilk, {kA, 1});
  a_.node.End();
  Peer again(1, a_.node.disk);
  CatchUpAsk ask{7, {{again.node.PartitionOf(kMilk), {}}}};
  again.catch_up.OnAsk(At(0), {2}, ask);
  EXPECT_EQ(SentOf<CatchUpRows>(again.node.End())[0].message.rows.size(), 1U);
}

TEST_F(CatchUpTest, WhatItSaysOfItselfWaitsUntilItIsDurable) {
  a_.Apply(kMilk, {kA, 1});
  const BatchId open = a_.node.turn.Open();
  for (const auto& probe : SentOf<SeenProbe>(a_.TickAt(0))) EXPECT_EQ(probe.after, open);
  a_.node.Sync();
  for (const auto& probe : SentOf<SeenProbe>(a_.TickAt(1))) EXPECT_EQ(probe.after, BatchId{});

  b_.Apply(KeyOf("bread"), {kB, 1});
  const BatchId theirs = b_.node.turn.Open();
  EXPECT_EQ(SentOf<CatchUpAsk>(Probed(2)).at(0).after, theirs);

  a_.Apply(kMilk, {kA, 2});
  const BatchId rows = a_.node.turn.Open();
  a_.catch_up.OnAsk(At(0), {2}, {9, {}});
  EXPECT_EQ(SentOf<CatchUpRows>(a_.node.End()).at(0).after, rows);
}

// A disk that is full for hours must not gather hours of them.
TEST_F(CatchUpTest, NoProbeFollowsOneThatStillWaits) {
  a_.Apply(kMilk, {kA, 1});
  EXPECT_EQ(SentOf<SeenProbe>(a_.TickAt(0)).size(), 2U);
  EXPECT_TRUE(a_.TickAt(1).messages.empty());
  a_.node.Sync();
  EXPECT_EQ(SentOf<SeenProbe>(a_.TickAt(2)).size(), 2U);
}

TEST_F(CatchUpTest, APeerIsAskedOneThingAtATime) {
  a_.Apply(kMilk, {kA, 1});
  a_.node.Sync();
  const auto first = SentOf<CatchUpAsk>(Probed(0));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_TRUE(Probed(1).messages.empty());
  EXPECT_TRUE(Probed(2).messages.empty());
  const auto next = SentOf<CatchUpAsk>(Probed(3));  // the answer is lost
  ASSERT_EQ(next.size(), 1U);
  EXPECT_NE(next[0].message.id, first[0].message.id);
  EXPECT_EQ(b_.catch_up.counters().asks, 2U);
}

TEST_F(CatchUpTest, ALateAnswerIsAppliedButLeadsNowhere) {
  a_.Apply(kMilk, {kA, 1});
  const auto ask = SentOf<CatchUpAsk>(Probed(0));
  ASSERT_EQ(ask.size(), 1U);
  CatchUpRows late{ask[0].message.id + 1, {{kMilk, Written({}, {kA, 1}, "v"), {}}}, true};
  b_.catch_up.OnRows(At(0), {1}, late);
  EXPECT_TRUE(b_.node.End().messages.empty());
  EXPECT_TRUE(b_.node.Seen(kMilk).Contains({kA, 1}));
}

TEST_F(CatchUpTest, OrphansEndInSilenceNotInALoop) {
  a_.Apply(kMilk, {kA, 1});
  a_.Settle(0);
  a_.node.disk.Erase(Column::kData, crdt::StorageKey(kMilk));
  Peer again(1, a_.node.disk);
  CatchUpAsk ask{7, {{again.node.PartitionOf(kMilk), {}}}};
  again.catch_up.OnAsk(At(0), {2}, ask);
  const auto rows = SentOf<CatchUpRows>(again.node.End());
  EXPECT_TRUE(rows.at(0).message.rows.empty());
  EXPECT_EQ(again.catch_up.counters().orphans, 1U);

  const auto asked = SentOf<CatchUpAsk>(Probed(2));
  b_.catch_up.OnRows(At(0), {1}, {asked.at(0).message.id, {}, true});
  EXPECT_TRUE(b_.node.End().messages.empty());
}

TEST_F(CatchUpTest, ProbesOfStrangersAndOfOtherTablesAreIgnored) {
  a_.Apply(kMilk, {kA, 1});
  b_.catch_up.OnProbe(At(0), {9}, {{{1}, {2}}});
  b_.catch_up.OnProbe(At(0), {1}, {{{1}, {2}}});
  b_.catch_up.OnAsk(At(0), {1}, {7, {{{{9}, {0}}, {}}}});  // a partition that is not here
  const Output output = b_.node.End();
  EXPECT_TRUE(SentOf<CatchUpAsk>(output).empty());
  EXPECT_TRUE(SentOf<CatchUpRows>(output).at(0).message.rows.empty());
}

}  // namespace
}  // namespace meridian::local
