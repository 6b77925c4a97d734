#include "local/probes.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

constexpr Duration kAnswerTimeout = std::chrono::milliseconds(900);

class ProbesTest : public testing::Test {
 protected:
  ProbesTest() { probes_.Start(FirstIdOf(node_.replica.actor())); }

  // The id of the Ping that leaves for node 3.
  std::uint64_t Probe(std::vector<NodeId> helpers = {{2}}) {
    probes_.Probe(At(0), {3}, helpers, kAnswerTimeout);
    last_ = node_.End();
    return SentOf<Ping>(last_).at(0).message.id;
  }

  LocalNode node_{1};
  Probes probes_{node_.ring, node_.turn};
  Output last_;
};

TEST_F(ProbesTest, ThePeerIsAskedDirectlyAndThroughEachHelper) {
  const std::uint64_t id = Probe();
  EXPECT_EQ(SentOf<Ping>(last_).at(0).to, NodeOf(3));
  const auto asked = SentOf<PingFor>(last_);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].to, NodeOf(2));
  EXPECT_EQ(asked[0].message.id, id);
  EXPECT_EQ(asked[0].message.target, NodeId{3});
  EXPECT_TRUE(probes_.IsProbing({3}));
  EXPECT_FALSE(probes_.IsProbing({2}));
}

TEST_F(ProbesTest, AnAckOfThePeerReachesIt) {
  const std::uint64_t id = Probe();
  probes_.OnPingAck({2}, {id});
  EXPECT_TRUE(probes_.TakeVerdicts(At(1)).empty()) << "that was somebody else's";
  probes_.OnPingAck({3}, {id});
  const auto verdicts = probes_.TakeVerdicts(At(1));
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_TRUE(verdicts[0].reached);
  EXPECT_TRUE(probes_.TakeVerdicts(At(2000)).empty()) << "once";
}

TEST_F(ProbesTest, AHelperThatReachesItIsAsGoodAsAnAck) {
  probes_.OnPingForDone({Probe(), true});
  EXPECT_TRUE(probes_.TakeVerdicts(At(1)).at(0).reached);
}

TEST_F(ProbesTest, SilenceIsAVerdictAtTheDeadline) {
  Probe();
  EXPECT_EQ(probes_.NextDeadline(), At(900).monotonic);
  EXPECT_TRUE(probes_.TakeVerdicts(At(899)).empty());
  const auto verdicts = probes_.TakeVerdicts(At(900));
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_FALSE(verdicts[0].reached);
  EXPECT_TRUE(verdicts[0].helpers_silent) << "perhaps it is us whom nobody hears";
}

TEST_F(ProbesTest, AHelperThatDidNotReachItClearsUs) {
  probes_.OnPingForDone({Probe(), false});
  const auto verdicts = probes_.TakeVerdicts(At(900));
  EXPECT_FALSE(verdicts.at(0).reached);
  EXPECT_FALSE(verdicts.at(0).helpers_silent);
}

TEST_F(ProbesTest, APingIsAnsweredAtOnce) {
  probes_.OnPing({2}, {7});
  const auto acks = SentOf<PingAck>(node_.End());
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_EQ(acks[0].to, NodeOf(2));
  EXPECT_EQ(acks[0].message.id, 7U);
}

TEST_F(ProbesTest, AsAHelperItTellsWhatItFound) {
  for (const bool reached : {true, false}) {
    probes_.OnPingFor(At(0), {2}, {7, {3}}, kAnswerTimeout);
    const auto pings = SentOf<Ping>(node_.End());
    ASSERT_EQ(pings.size(), 1U);
    EXPECT_EQ(pings[0].to, NodeOf(3));
    if (reached) probes_.OnPingAck({3}, {pings[0].message.id});
    EXPECT_TRUE(probes_.TakeVerdicts(At(900)).empty()) << "no probe of its own";
    const auto done = SentOf<PingForDone>(node_.End());
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].to, NodeOf(2));
    EXPECT_EQ(done[0].message.id, 7U);
    EXPECT_EQ(done[0].message.reached, reached);
  }
}

TEST_F(ProbesTest, WhatItRelaysIsBounded) {
  for (std::uint64_t id = 0; id < 1000; ++id)
    probes_.OnPingFor(At(0), {2}, {id, {3}}, kAnswerTimeout);
  EXPECT_EQ(SentOf<Ping>(node_.End()).size(), 256U);
}

}  // namespace
}  // namespace meridian::local
