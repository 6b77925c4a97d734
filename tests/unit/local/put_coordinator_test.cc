#include "local/put_coordinator.h"

#include "support/coordinator_fixture.h"

namespace meridian::local {
namespace {

using PutCoordinatorTest = CoordinatorFixture;

TEST_F(PutCoordinatorTest, APutGoesToTheOtherPrimariesAtOnceAndWhole) {
  PutNow("milk");
  coordinator_.Put(At(0), PutOf("bread"));
  const auto sent = SentOf<Replicate>(node_.End());
  EXPECT_EQ(NumbersOf(sent), (std::vector<std::uint32_t>{2, 3}));
  for (const auto& one : sent) {
    EXPECT_EQ(one.after, BatchId{});
    ASSERT_EQ(one.message.rows.size(), 1U);
    EXPECT_EQ(ValuesOf(one.message.rows[0].row), (std::vector<Bytes>{"bread", "milk"}));  // rule 1
    EXPECT_TRUE(one.message.rows[0].listed.empty());
  }
}

TEST_F(PutCoordinatorTest, TheOwnCopyCountsOnlyWhenItIsDurable) {
  coordinator_.Put(At(0), PutOf("milk", {}, 2));
  const std::uint64_t id = SentOf<Replicate>(node_.End())[0].message.id;
  Ack(2, id);
  EXPECT_TRUE(Undecided());
  Sync();
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.status, OutcomeStatus::kDone);
  EXPECT_EQ(outcome.reached, 2U);
  EXPECT_EQ(outcome.ticket, Ticket{1});
  EXPECT_EQ(outcome.dot, (crdt::Dot{node_.replica.actor(), 1}));
}

TEST_F(PutCoordinatorTest, TwoOthersAreEnoughForTwo) {
  coordinator_.Put(At(0), PutOf("milk", {}, 2));
  const std::uint64_t id = SentOf<Replicate>(node_.End())[0].message.id;
  Ack(3, id);
  Ack(3, id);
  EXPECT_TRUE(Undecided());
  Ack(2, id);
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
  EXPECT_EQ(coordinator_.in_flight(), 0U);
  Sync();
  EXPECT_TRUE(Undecided()) << "answered twice";
}

TEST_F(PutCoordinatorTest, WithoutSyncTheOwnCopyCountsAtOnce) {
  coordinator_.Put(At(0), PutOf("milk", {}, 1, KeyOf("milk", kFast)));
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
}

TEST_F(PutCoordinatorTest, TheSilentAreAskedAgain) {
  coordinator_.Put(At(0), PutOf("milk", {}, 3));
  const auto first = SentOf<Replicate>(Sync());
  Ack(3, first[0].message.id);
  EXPECT_EQ(coordinator_.NextDeadline(), At(500).monotonic);
  EXPECT_TRUE(TickAt(499).messages.empty());
  const auto again = SentOf<Replicate>(TickAt(500));
  ASSERT_EQ(NumbersOf(again), std::vector<std::uint32_t>{2});
  EXPECT_EQ(again[0].message.rows, first[0].message.rows);
  EXPECT_EQ(again[0].message.id, first[0].message.id);
  EXPECT_EQ(coordinator_.put_counters().resends, 1U);
}

TEST_F(PutCoordinatorTest, ATimeoutSaysHowManyWereReached) {
  coordinator_.Put(At(0), PutOf("milk", {}, 3));
  const std::uint64_t id = SentOf<Replicate>(Sync())[0].message.id;
  Ack(3, id);
  for (const int at : {500, 1000, 1500}) TickAt(at);
  EXPECT_TRUE(Undecided());
  EXPECT_TRUE(TickAt(2000).messages.empty());
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.status, OutcomeStatus::kTimedOut);
  EXPECT_EQ(outcome.reached, 2U);
  EXPECT_EQ(outcome.needed, 3U);
  Ack(2, id);  // too late
  EXPECT_TRUE(Undecided());
  EXPECT_EQ(coordinator_.in_flight(), 0U);
}

TEST_F(PutCoordinatorTest, TooMuchInFlightIsRefusedWithoutATrace) {
  for (int i = 0; i < 2; ++i) coordinator_.Put(At(0), PutOf("v", {}, 3));
  for (int i = 0; i < 2; ++i) coordinator_.Get(At(0), GetOf(3));
  node_.End();
  coordinator_.Put(At(0), PutOf("one too many"));
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kOverloaded);
  coordinator_.Get(At(0), GetOf(1));
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kOverloaded);
  const Output output = node_.End();
  EXPECT_TRUE(output.messages.empty());
  EXPECT_TRUE(output.writes.writes.empty());
}

TEST_F(PutCoordinatorTest, WhatWasMintedIsHandedToTheGatewaysOnce) {
  coordinator_.Put(At(0), PutOf("milk"));
  const auto minted = coordinator_.TakeMinted();
  ASSERT_EQ(minted.size(), 1U);
  EXPECT_EQ(minted[0].batch, node_.turn.Open());
  EXPECT_EQ(ValuesOf(minted[0].update.row), std::vector<Bytes>{"milk"});
  EXPECT_TRUE(coordinator_.TakeMinted().empty());
}

TEST_F(PutCoordinatorTest, WhatNoOtherRegionHoldsIsNotForTheGateways) {
  coordinator_.Put(At(0), PutOf("milk", {}, 2, KeyOf("milk", kHome)));
  EXPECT_TRUE(coordinator_.TakeMinted().empty());
  EXPECT_FALSE(node_.End().writes.writes.empty());
}

TEST_F(PutCoordinatorTest, AStampExceedsTheRowsAndTheTokens) {  // rule 7
  const crdt::Stamp far{UINT64_MAX / 2};
  crdt::Row ahead;
  ahead.context.Add({kA, 1});
  ahead.versions = {{{kA, 1}, far, "from a clock that is ahead", 0}};
  node_.replica.Apply({kMilk, ahead, {}});
  EXPECT_GT(PutNow("milk").token.stamp, far);

  crdt::ContextToken token;
  token.stamp = {far.packed + 7};
  EXPECT_GT(PutNow("milk", token, KeyOf("other")).token.stamp, token.stamp);
}

TEST_F(PutCoordinatorTest, APutWithoutContextAddsASibling) {
  PutNow("milk");
  PutNow("bread");
  EXPECT_EQ(ValuesOf(node_.Read(kMilk)), (std::vector<Bytes>{"bread", "milk"}));
}

TEST_F(PutCoordinatorTest, APutReplacesWhatItsClientHadRead) {
  const Outcome first = PutNow("milk");
  PutNow("bread");
  PutNow("tea", first.token);
  EXPECT_EQ(ValuesOf(node_.Read(kMilk)), (std::vector<Bytes>{"bread", "tea"}));
  PutNow("all", TokenOf(node_.Read(kMilk)));
  EXPECT_EQ(ValuesOf(node_.Read(kMilk)), std::vector<Bytes>{"all"});
}

TEST_F(PutCoordinatorTest, TheTokenOfAPutAfterSiblingsCoversNoneThatWereNotRead) {
  PutNow("milk");
  Outcome mine = PutNow("bread");
  EXPECT_EQ(mine.token.own, mine.dot);
  EXPECT_TRUE(mine.token.context.empty()) << "it would cover the other's, of the same actor";
  mine = PutNow("white bread", mine.token);  // replaces one's own
  EXPECT_EQ(ValuesOf(node_.Read(kMilk)), (std::vector<Bytes>{"milk", "white bread"}));
  PutNow("brown bread", mine.token);
  EXPECT_EQ(ValuesOf(node_.Read(kMilk)), (std::vector<Bytes>{"brown bread", "milk"}));
}

TEST_F(PutCoordinatorTest, TheTokenOfTheOnlyValueCoversAll) {
  const Outcome first = PutNow("milk");
  EXPECT_FALSE(first.token.own.has_value());
  EXPECT_EQ(first.token.context, node_.Read(kMilk).context);
}

TEST_F(PutCoordinatorTest, LwwKeepsOneValueWhateverWasRead) {
  const crdt::RowKey key = KeyOf("milk", kLast);
  PutNow("milk", {}, key);
  const Outcome last = PutNow("bread", {}, key);
  EXPECT_EQ(ValuesOf(node_.Read(key)), std::vector<Bytes>{"bread"});
  EXPECT_FALSE(last.token.own.has_value());
}

TEST_F(PutCoordinatorTest, ADeleteWithoutContextCoversWhatIsHeldHere) {
  PutNow("milk");
  PutNow("bread");
  PutNow(std::nullopt);
  EXPECT_EQ(ValuesOf(node_.Read(kMilk)), std::vector<Bytes>{"(deleted)"});
}

TEST_F(PutCoordinatorTest, ADeleteWithContextLeavesWhatWasNotRead) {
  const Outcome first = PutNow("milk");
  PutNow("bread");
  PutNow(std::nullopt, first.token);
  EXPECT_EQ(ValuesOf(node_.Read(kMilk)), (std::vector<Bytes>{"(deleted)", "bread"}));
}

class PutCoordinatorSiblingsTest : public PutCoordinatorTest {
 protected:
  PutCoordinatorSiblingsTest() {
    first_ = PutNow("1");
    PutNow("2");
    last_ = PutNow("3");
  }
  OutcomeStatus StatusOf(const std::optional<Bytes>& value,
                         const std::optional<crdt::ContextToken>& read) {
    return PutNow(value, read).status;
  }

  Outcome first_, last_;
};

TEST_F(PutCoordinatorSiblingsTest, OneMoreThanTheLimitIsRefusedWithoutATrace) {
  coordinator_.Put(At(0), PutOf("4"));
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kTooManySiblings);
  EXPECT_TRUE(node_.End().writes.writes.empty());
}

TEST_F(PutCoordinatorSiblingsTest, ReplacingOnesOwnAddsNone) {
  ASSERT_TRUE(last_.token.own && last_.token.context.empty());
  EXPECT_EQ(StatusOf("3b", last_.token), OutcomeStatus::kDone);
}

TEST_F(PutCoordinatorSiblingsTest, AContextThatReplacesNothingAddsOne) {
  EXPECT_EQ(StatusOf("1b", first_.token), OutcomeStatus::kDone);  // replaces "1"
  EXPECT_EQ(StatusOf("1c", first_.token), OutcomeStatus::kTooManySiblings);
  EXPECT_EQ(StatusOf(std::nullopt, first_.token), OutcomeStatus::kTooManySiblings);
  EXPECT_EQ(node_.Read(kMilk).versions.size(), 3U);
}

TEST_F(PutCoordinatorSiblingsTest, WhatReadsAllOrDeletesAllIsWelcome) {
  EXPECT_EQ(StatusOf("all", TokenOf(node_.Read(kMilk))), OutcomeStatus::kDone);
  for (const char* value : {"2", "3"}) PutNow(value);
  EXPECT_EQ(StatusOf(std::nullopt, {}), OutcomeStatus::kDone);
  EXPECT_EQ(node_.Read(kMilk).versions.size(), 1U);
}

// Other regions may have brought more than the limit: apply never refuses (rule 6).
TEST_F(PutCoordinatorSiblingsTest, AboveTheLimitAWriteThatReplacesOneIsWelcome) {
  node_.replica.Apply({kMilk, Written({}, {kA, 1}, "4"), {}});
  EXPECT_EQ(node_.Read(kMilk).versions.size(), 4U);
  EXPECT_EQ(StatusOf("3b", last_.token), OutcomeStatus::kDone);
  EXPECT_EQ(StatusOf("5", {}), OutcomeStatus::kTooManySiblings);
}

// Five nodes: three primaries, two fallbacks.
class SloppyPutTest : public CoordinatorFixture {
 protected:
  SloppyPutTest() : CoordinatorFixture(SmallTopology(5)) {}
};

TEST_F(SloppyPutTest, WithWPrimariesUpNobodyStandsIn) {
  const crdt::RowKey key = KeyThat(true);
  Down({OthersOf(key, true)[0]});
  coordinator_.Put(At(0), PutOf("v", {}, 2, key));
  const Output output = node_.End();
  EXPECT_TRUE(SentOf<KeepHint>(output).empty());
  EXPECT_EQ(SentOf<Replicate>(output).size(), 2U) << "to all primaries, up or not";
}

TEST_F(SloppyPutTest, AsManyStandInAtOnceAsAreMissing) {
  const crdt::RowKey key = KeyThat(true);
  Down(OthersOf(key, true));
  coordinator_.Put(At(0), PutOf("v", {}, 2, key));
  const Output output = Sync();
  const auto hints = SentOf<KeepHint>(output);
  ASSERT_EQ(hints.size(), 1U);
  EXPECT_EQ(hints[0].to.number, OthersOf(key, false)[0].value);
  EXPECT_EQ(hints[0].message.needed, 2U);
  EXPECT_EQ(hints[0].message.rows, SentOf<Replicate>(output)[0].message.rows);
  EXPECT_TRUE(Undecided());
  Ack(hints[0].to.number, hints[0].message.id);
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.status, OutcomeStatus::kDone);
  EXPECT_EQ(outcome.reached, 2U);
}

TEST_F(SloppyPutTest, HalfwayAFallbackStandsInForEachSilentPrimary) {
  const crdt::RowKey key = KeyThat(true);
  coordinator_.Put(At(0), PutOf("v", {}, 2, key));
  Sync();
  EXPECT_TRUE(SentOf<KeepHint>(TickAt(500)).empty());
  const auto hints = SentOf<KeepHint>(TickAt(1000));
  EXPECT_EQ(hints.size(), 2U);
  Ack(hints[1].to.number, hints[1].message.id);
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kDone);
}

TEST_F(SloppyPutTest, WhoRefusesIsFollowedByTheNext) {
  const crdt::RowKey key = KeyThat(true);
  Down(OthersOf(key, true));
  coordinator_.Put(At(0), PutOf("v", {}, 2, key));
  const auto first = SentOf<KeepHint>(Sync());
  coordinator_.OnHintRefused(At(1), {first[0].to.number}, {first[0].message.id});
  const auto second = SentOf<KeepHint>(node_.End());
  ASSERT_EQ(second.size(), 1U);
  EXPECT_NE(second[0].to, first[0].to);
  EXPECT_TRUE(Undecided());
  coordinator_.OnHintRefused(At(2), {second[0].to.number}, {second[0].message.id});
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.status, OutcomeStatus::kHintsFull) << "at once, not at the deadline";
  EXPECT_NE(outcome.dot, crdt::Dot{}) << "it may surface later";
}

TEST_F(SloppyPutTest, WhereWCannotBeHadNothingIsWritten) {
  const crdt::RowKey key = KeyThat(true);
  Down(OthersOf(key, true));
  PutOrder strict = PutOf("v", {}, 2, key);
  strict.sloppy = false;
  coordinator_.Put(At(0), strict);
  Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.status, OutcomeStatus::kTooFewUp);
  EXPECT_EQ(outcome.reached, 1U);
  EXPECT_EQ(outcome.asked, 3U);
  Down(OthersOf(key, false));
  coordinator_.Put(At(0), PutOf("v", {}, 2, key));
  outcome = TakeOutcome();
  EXPECT_EQ(outcome.status, OutcomeStatus::kTooFewUp);
  EXPECT_EQ(outcome.asked, 5U);
  const Output output = node_.End();
  EXPECT_TRUE(output.writes.writes.empty());
  EXPECT_TRUE(output.messages.empty());
}

TEST_F(SloppyPutTest, AStandInMintsOnceItsTermIsDurableAndKeepsWhatItMints) {
  const crdt::RowKey key = KeyThat(false);
  Down(OthersOf(key, true));
  coordinator_.Put(At(0), PutOf("v", {}, 2, key));
  EXPECT_TRUE(SentOf<KeepHint>(Sync()).empty() && node_.disk.Count(Column::kHint) == 0);
  EXPECT_EQ(coordinator_.in_flight(), 1U);
  const Output output = Sync();  // the term was durable; the put ran
  const auto hints = SentOf<KeepHint>(output);
  ASSERT_EQ(hints.size(), 1U);
  EXPECT_EQ(SentOf<Replicate>(output).size(), 3U);
  Ack(hints[0].to.number, hints[0].message.id);
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.status, OutcomeStatus::kDone);
  EXPECT_NE(outcome.dot.actor, node_.replica.actor());
  EXPECT_TRUE(coordinator_.TakeMinted().empty()) << "gateways read it from a primary's log";
  EXPECT_EQ(node_.disk.Count(Column::kData), 0U);
  EXPECT_EQ(node_.disk.Count(Column::kHint), 1U);

  // The next put of the term finds it.
  coordinator_.Put(At(5), PutOf("w", {}, 1, key));
  Sync();
  EXPECT_EQ(TakeOutcome().dot, (crdt::Dot{outcome.dot.actor, 2}));
  EXPECT_EQ(ValuesOf(node_.hints.Find(key, key.token())->row), (std::vector<Bytes>{"v", "w"}));
}

TEST_F(SloppyPutTest, ATermThatNeverBecomesDurableEndsThePutInTime) {
  const crdt::RowKey key = KeyThat(false);
  Down(OthersOf(key, true));
  coordinator_.Put(At(0), PutOf("v", {}, 2, key));
  node_.End();
  TickAt(1999);
  EXPECT_TRUE(Undecided());
  TickAt(2000);
  EXPECT_EQ(TakeOutcome().status, OutcomeStatus::kNotReady);
}

}  // namespace
}  // namespace meridian::local
