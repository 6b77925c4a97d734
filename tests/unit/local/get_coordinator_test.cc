#include "local/get_coordinator.h"

#include "local/row_digest.h"
#include "support/coordinator_fixture.h"

namespace meridian::local {
namespace {

class GetCoordinatorTest : public CoordinatorFixture {
 protected:
  using CoordinatorFixture::CoordinatorFixture;
  std::uint64_t Ask(std::size_t r) {
    coordinator_.Get(At(0), GetOf(r));
    asked_ = SentOf<ReadRow>(node_.End());
    return asked_.empty() ? 0 : asked_[0].message.id;
  }
  void Answer(std::uint32_t from, std::uint64_t id, const crdt::Row& row) {
    coordinator_.OnRowRead(At(1), {from}, {id, row});
  }

  std::vector<Sent<ReadRow>> asked_;
};

TEST_F(GetCoordinatorTest, OneReplicaIsThisOne) {
  PutNow("milk");
  Ask(1);
  EXPECT_TRUE(asked_.empty());
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(ValuesOf(outcome.row), std::vector<Bytes>{"milk"});
  EXPECT_EQ(outcome.token.context, outcome.row.context);
  EXPECT_EQ(outcome.token.stamp, outcome.row.MaxStamp());
  EXPECT_EQ(outcome.after, BatchId{});
}

TEST_F(GetCoordinatorTest, WhatIsNotDurableIsShownWhenItIs) {
  coordinator_.Put(At(0), PutOf("milk", {}, 3));
  Ask(1);
  EXPECT_EQ(TakeOutcome().after, BatchId{node_.written});
  Sync();
  Ask(1);
  EXPECT_EQ(TakeOutcome().after, BatchId{});
}

TEST_F(GetCoordinatorTest, AsksAsManyAsItNeedsAndMergesThem) {
  PutNow("milk");
  const std::uint64_t id = Ask(2);
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_TRUE(Undecided());
  Answer(asked_[0].to.number, id, Written({}, {kA, 1}, "bread"));
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(ValuesOf(outcome.row), (std::vector<Bytes>{"bread", "milk"}));
  EXPECT_EQ(outcome.reached, 2U);
  EXPECT_TRUE(outcome.token.context.Covers(crdt::Dot{kA, 1}));
}

TEST_F(GetCoordinatorTest, AStaleOtherIsRepairedBehindTheAnswer) {
  PutNow("milk");
  const std::uint64_t id = Ask(2);
  Answer(asked_[0].to.number, id, {});
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
  EXPECT_TRUE(node_.End().messages.empty()) << "the answer leaves first";
  const auto repairs = SentOf<Replicate>(TickAt(2));
  ASSERT_EQ(NumbersOf(repairs), NumbersOf(asked_));
  EXPECT_EQ(repairs[0].message.id, 0U);  // no answer wanted
  EXPECT_EQ(ValuesOf(repairs[0].message.rows[0].row), std::vector<Bytes>{"milk"});
  EXPECT_EQ(coordinator_.repair_counters().repaired, 1U);
}

TEST_F(GetCoordinatorTest, TheOwnStaleCopyIsRepairedToo) {
  const std::uint64_t id = Ask(2);
  const crdt::Row row = Written({}, {kA, 1}, "milk");
  Answer(asked_[0].to.number, id, row);
  EXPECT_EQ(TakeOutcome().after, BatchId{}) << "what it shows is durable where it was read";
  EXPECT_TRUE(SentOf<Replicate>(TickAt(2)).empty());
  EXPECT_EQ(node_.Read(kMilk), row);
  EXPECT_TRUE(node_.Seen(kMilk).Contains({kA, 1}));
}

TEST_F(GetCoordinatorTest, WhereAllAgreeNobodyIsRepaired) {
  const std::uint64_t id = Ask(3);
  EXPECT_EQ(asked_.size(), 2U);
  Answer(2, id, {});
  Answer(2, id, {});
  EXPECT_TRUE(Undecided());
  Answer(3, id, {});
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
  EXPECT_TRUE(TickAt(2).messages.empty());
}

TEST_F(GetCoordinatorTest, OthersAreAskedForTheDigestOnly) {
  PutNow("milk");
  const std::uint64_t id = Ask(2);
  EXPECT_TRUE(asked_[0].message.digest);
  EXPECT_EQ(asked_[0].message.patience.left_ms, 2000U);
  coordinator_.OnRowDigest(At(1), {asked_[0].to.number}, {id, {DigestOf(node_.Read(kMilk))}});
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(ValuesOf(outcome.row), std::vector<Bytes>{"milk"});
  EXPECT_EQ(outcome.reached, 2U);
  EXPECT_TRUE(TickAt(2).messages.empty());
}

TEST_F(GetCoordinatorTest, ADigestThatDiffersIsFollowedByTheRow) {
  PutNow("milk");
  const std::uint64_t id = Ask(2);
  const std::uint32_t other = asked_[0].to.number;
  const crdt::Row row = Written({}, {kA, 1}, "bread");
  coordinator_.OnRowDigest(At(1), {other}, {id, {DigestOf(row)}});
  EXPECT_TRUE(Undecided());
  const auto asked = SentOf<ReadRow>(node_.End());
  ASSERT_EQ(NumbersOf(asked), std::vector<std::uint32_t>{other});
  EXPECT_FALSE(asked[0].message.digest);
  Answer(other, id, row);
  EXPECT_EQ(ValuesOf(TakeOutcome().row), (std::vector<Bytes>{"bread", "milk"}));
  EXPECT_EQ(coordinator_.get_counters().digests_differed, 1U);
  EXPECT_EQ(SentOf<Replicate>(TickAt(2)).size(), 1U) << "each lacked the other's";
}

TEST_F(GetCoordinatorTest, AReplicaThatIsSlowerThanItsWontIsHedgedByAnother) {
  for (int i = 0; i < 40; ++i) {
    const std::uint64_t id = Ask(2);
    Answer(asked_[0].to.number, id, {});
    TakeOutcome();
  }
  const std::uint64_t id = Ask(2);
  const std::uint32_t slow = asked_[0].to.number;
  EXPECT_EQ(coordinator_.NextDeadline(), At(2).monotonic);
  const auto hedge = SentOf<ReadRow>(TickAt(2));
  ASSERT_EQ(hedge.size(), 1U);
  EXPECT_NE(hedge[0].to.number, slow);
  EXPECT_EQ(hedge[0].message.id, id);
  Answer(hedge[0].to.number, id, {});
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
  Answer(slow, id, {});
  EXPECT_TRUE(Undecided());
  EXPECT_EQ(coordinator_.hedge().counters().hedges, 1U);
  EXPECT_EQ(coordinator_.hedge().counters().asks, 41U);
}

TEST_F(GetCoordinatorTest, WhereAllAreNeededNoneIsLeftToHedgeWith) {
  for (int i = 0; i < 40; ++i) {
    const std::uint64_t id = Ask(3);
    Answer(2, id, {});
    Answer(3, id, {});
    TakeOutcome();
  }
  Ask(3);
  EXPECT_TRUE(TickAt(100).messages.empty());
}

TEST_F(GetCoordinatorTest, AfterAQuarterOfTheTimeAllOthersAreAsked) {
  const std::uint64_t id = Ask(2);
  const auto again = SentOf<ReadRow>(TickAt(500));
  EXPECT_EQ(NumbersOf(again), (std::vector<std::uint32_t>{2, 3}));
  const std::uint32_t second = asked_[0].to.number == 2 ? 3 : 2;
  Answer(second, id, {});
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
  EXPECT_TRUE(TickAt(1000).messages.empty());
}

class EverywhereTest : public GetCoordinatorTest {
 protected:
  EverywhereTest() : GetCoordinatorTest(TwoGateways()) {}
  // A get of this node's copy and of region 2's quorum.
  ReadElsewhere AskEverywhere() {
    GetOrder order = GetOf(1);
    order.everywhere = true;
    coordinator_.Get(At(0), order);
    const auto sent = SentOf<ReadElsewhere>(node_.End());
    EXPECT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent.at(0).to, GatewayOf(1));
    return sent.at(0).message;
  }

 private:
  static Topology TwoGateways() {
    Topology topology = SmallTopology();
    topology.regions[0].gateways = {{1, "r1-gw-1", {}, {}, {}}, {2, "r1-gw-2", {}, {}, {}}};
    return topology;
  }
};

TEST_F(EverywhereTest, IsAnsweredWhenTheOtherRegionsAreIn) {
  PutNow("milk");
  const ReadElsewhere ask = AskEverywhere();
  EXPECT_EQ(ask.regions, std::vector<RegionId>{{2}});
  EXPECT_EQ(ask.timeout_ms, 2000U);
  EXPECT_TRUE(Undecided());
  coordinator_.OnRowElsewhere(At(1), {ask.id, {2}, Written({}, {kA, 1}, "bread")});
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(ValuesOf(outcome.row), (std::vector<Bytes>{"bread", "milk"}));
  EXPECT_TRUE(outcome.token.context.Covers(crdt::Dot{kA, 1}));
  EXPECT_EQ(outcome.after, BatchId{});
  EXPECT_TRUE(TickAt(2).messages.empty());  // the copy here is repaired
  EXPECT_TRUE(node_.Seen(kMilk).Contains({kA, 1}));
  EXPECT_TRUE(TickAt(500).messages.empty());
}

TEST_F(EverywhereTest, ASilentGatewayIsFollowedByTheNextAndATimeoutNamesTheRegion) {
  const ReadElsewhere ask = AskEverywhere();
  const auto again = SentOf<ReadElsewhere>(TickAt(500));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].to, GatewayOf(2));
  EXPECT_EQ(again[0].message.id, ask.id);
  EXPECT_EQ(again[0].message.timeout_ms, 1500U);
  for (const int at : {1000, 1500, 2000}) TickAt(at);
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.status, OutcomeStatus::kTimedOut);
  EXPECT_EQ(outcome.missing, std::vector<RegionId>{{2}});
}

TEST_F(EverywhereTest, APlacementOfOneRegionNeedsNoOther) {
  GetOrder order = GetOf(1, KeyOf("milk", kHome));
  order.everywhere = true;
  coordinator_.Get(At(0), order);
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
}

TEST_F(GetCoordinatorTest, ATimeoutSaysHowManyAnswered) {
  PutNow("milk");
  const std::uint64_t id = Ask(3);
  Answer(2, id, {});
  for (const int at : {500, 1000, 1500, 2000}) TickAt(at);
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.status, OutcomeStatus::kTimedOut);
  EXPECT_EQ(outcome.reached, 2U);
  EXPECT_EQ(outcome.needed, 3U);
  EXPECT_TRUE(outcome.row.versions.empty());
  Answer(3, id, {});
  EXPECT_TRUE(Undecided());
}

class SloppyGetTest : public CoordinatorFixture {
 protected:
  SloppyGetTest() : CoordinatorFixture(SmallTopology(5)) {}
  const crdt::Row row_ = Written({}, {kA, 1}, "v");
};

TEST_F(SloppyGetTest, AStandInCountsOnlyIfItKeepsTheRow) {
  const crdt::RowKey key = KeyThat(true);
  Down(OthersOf(key, true));
  coordinator_.Get(At(0), GetOf(2, key));
  const auto asked = SentOf<ReadRow>(node_.End());
  ASSERT_EQ(asked.size(), 2U) << "both fallbacks";
  coordinator_.OnHintRead(At(1), {asked[0].to.number}, {asked[0].message.id, {}});
  EXPECT_TRUE(Undecided());
  coordinator_.OnHintRead(At(1), {asked[1].to.number}, {asked[1].message.id, row_});
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.status, OutcomeStatus::kDone);
  EXPECT_EQ(outcome.row, row_);
  for (const auto& sent : SentOf<Replicate>(TickAt(2))) {
    EXPECT_TRUE(node_.ring.ListOf(node_.PartitionOf(key))->IsPrimary({sent.to.number}));
  }
}

// "I keep nothing" of a fallback is no "it is not there".
TEST_F(SloppyGetTest, WithoutHintsAndPrimariesItFailsAtOnceInsteadOfFindingNothing) {
  const crdt::RowKey key = KeyThat(false);
  Down(OthersOf(key, true));
  coordinator_.Get(At(0), GetOf(1, key));
  const auto asked = SentOf<ReadRow>(node_.End());
  ASSERT_EQ(asked.size(), 1U);
  coordinator_.OnHintRead(At(1), {asked[0].to.number}, {asked[0].message.id, {}});
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kTooFewUp);
}

TEST_F(SloppyGetTest, AStandInServesFromItsOwnHints) {
  const crdt::RowKey key = KeyThat(false);
  Down(OthersOf(key, true));
  node_.hints.Keep(At(0), {key, row_, {}}, 2);
  node_.Sync();
  coordinator_.Get(At(0), GetOf(1, key));
  EXPECT_EQ(TakeOutcome().row, row_);
}

TEST_F(SloppyGetTest, AStrictOneAsksNobodyElse) {
  const crdt::RowKey key = KeyThat(true);
  Down(OthersOf(key, true));
  GetOrder strict = GetOf(2, key);
  strict.sloppy = false;
  coordinator_.Get(At(0), strict);
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kTooFewUp);
  EXPECT_TRUE(node_.End().messages.empty());
}

TEST_F(SloppyGetTest, HalfwayTheFallbacksAreAskedTooWhenPrimariesAreSilent) {
  const crdt::RowKey key = KeyThat(true);
  coordinator_.Get(At(0), GetOf(2, key));
  node_.End();
  EXPECT_EQ(SentOf<ReadRow>(TickAt(500)).size(), 2U);
  EXPECT_EQ(SentOf<ReadRow>(TickAt(1000)).size(), 4U);
}

TEST_F(GetCoordinatorTest, WhenAReplicaIsBeingFilledAnotherIsAskedAtOnce) {
  const std::uint64_t id = Ask(2);
  ASSERT_EQ(asked_.size(), 1U);
  const std::uint32_t refuser = asked_[0].to.number;
  coordinator_.OnReadRefused(At(1), {refuser}, {id});
  const auto again = SentOf<ReadRow>(node_.End());
  ASSERT_EQ(again.size(), 1U);
  EXPECT_NE(again[0].to.number, refuser);
  EXPECT_TRUE(Undecided());
  coordinator_.OnReadRefused(At(1), {refuser}, {id + 1});
  EXPECT_TRUE(node_.End().messages.empty());
}

TEST_F(GetCoordinatorTest, ANewViewAsksAnewAndOldAnswersAreNobodys) {
  const std::uint64_t id = Ask(2);
  ASSERT_EQ(asked_.size(), 1U);
  View next = FirstView(SmallTopology(), "");
  Layout same = next.layout;
  same.topology.epoch = {2};
  node_.ring.Adopt(*ViewForLayout(next, {1}, same));
  coordinator_.FollowView(At(1));
  const auto again = SentOf<ReadRow>(node_.End());
  ASSERT_EQ(again.size(), 1U);
  EXPECT_NE(again[0].message.id, id);
  coordinator_.OnRowRead(At(2), {again[0].to.number}, {id, {}});
  EXPECT_TRUE(Undecided());
  coordinator_.OnRowRead(At(2), {again[0].to.number}, {again[0].message.id, {}});
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
}

}  // namespace
}  // namespace meridian::local
