#include "local/get_coordinator.h"

#include "support/coordinator_fixture.h"

namespace meridian::local {
namespace {

class GetCoordinatorTest : public CoordinatorFixture {
 protected:
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
  const auto repairs = SentOf<Replicate>(node_.End());
  ASSERT_EQ(NumbersOf(repairs), NumbersOf(asked_));
  EXPECT_EQ(repairs[0].message.id, 0U);  // no answer wanted
  EXPECT_EQ(ValuesOf(repairs[0].message.rows[0].row), std::vector<Bytes>{"milk"});
  EXPECT_EQ(coordinator_.get_counters().read_repairs, 1U);
}

TEST_F(GetCoordinatorTest, TheOwnStaleCopyIsRepairedToo) {
  const std::uint64_t id = Ask(2);
  const crdt::Row row = Written({}, {kA, 1}, "milk");
  Answer(asked_[0].to.number, id, row);
  EXPECT_EQ(TakeOutcome().after, node_.turn.Open()) << "the row that it shows is being written";
  EXPECT_TRUE(SentOf<Replicate>(node_.End()).empty());
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
  EXPECT_TRUE(node_.End().messages.empty());
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

}  // namespace
}  // namespace meridian::local
