#include "node/outcome_answer.h"

#include <gtest/gtest.h>

#include "support/three_regions.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words
using local::OutcomeStatus;

class OutcomeAnswerTest : public ::testing::Test {
 protected:
  ClientAnswer Put() const { return AnswerOf(outcome, false, topology, signer); }
  ClientAnswer Get() const { return AnswerOf(outcome, true, topology, signer); }
  void Show(std::optional<Bytes> value, std::uint64_t counter) {
    crdt::Version version;
    version.dot = {{1}, counter};
    version.value = std::move(value);
    outcome.row.versions.push_back(std::move(version));
  }

  const local::Topology topology = ThreeRegions();
  const PlainSigner signer;
  local::Outcome outcome;
};

TEST_F(OutcomeAnswerTest, AGetShowsEachValueOnceAndNoTombstone) {
  EXPECT_EQ(Get().status, Status::kNotFound);
  Show(std::nullopt, 1);
  EXPECT_EQ(Get().status, Status::kNotFound);
  Show("milk", 2);
  EXPECT_EQ(Get().status, Status::kOk);
  Show("milk", 3);
  EXPECT_EQ(Get().values, std::vector<Bytes>{"milk"}) << "equal siblings are one";
  Show("bread", 4);
  EXPECT_EQ(Get().status, Status::kSiblings);
  EXPECT_EQ(Get().values, (std::vector<Bytes>{"milk", "bread"}));
}

TEST_F(OutcomeAnswerTest, OnlyAWriteInDoubtIsMaybe) {
  outcome.status = OutcomeStatus::kTimedOut;
  EXPECT_TRUE(Put().maybe);
  EXPECT_FALSE(Get().maybe);
  for (const OutcomeStatus status : {OutcomeStatus::kNotReady, OutcomeStatus::kTooFewUp,
                                     OutcomeStatus::kOverloaded, OutcomeStatus::kTooManySiblings}) {
    outcome.status = status;
    EXPECT_FALSE(Put().maybe) << "nothing was written";
  }
  outcome.status = OutcomeStatus::kHintsFull;
  EXPECT_FALSE(Put().maybe) << "refused before it was minted";
  outcome.dot = {{1}, 1};
  EXPECT_TRUE(Put().maybe);
}

TEST_F(OutcomeAnswerTest, ATimeoutNamesTheRegionsThatWereWaitedFor) {
  outcome.status = OutcomeStatus::kTimedOut;
  outcome.reached = 1;
  outcome.needed = 2;
  outcome.missing = {topology.regions[1].id};
  EXPECT_NE(Get().message.find("1 of 2 replicas"), std::string::npos) << Get().message;
  EXPECT_NE(Get().message.find(topology.regions[1].name), std::string::npos) << Get().message;
}

TEST_F(OutcomeAnswerTest, AContextIsGivenOnlyWhenThereIsSomethingToCover) {
  EXPECT_TRUE(Get().context.empty());
  outcome.token.own = crdt::Dot{{1}, 1};
  EXPECT_FALSE(Put().context.empty());
}

}  // namespace
}  // namespace meridian::node
