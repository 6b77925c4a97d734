#include "local/failure_detector.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

constexpr std::uint64_t kTerm = 5 << 20;  // of a node's fifth incarnation

LiveEntry EntryOf(std::uint32_t node, std::uint64_t beat, PeerState state = PeerState::kAlive,
                  std::uint64_t term = kTerm) {
  LiveEntry entry;
  entry.node = {node};
  entry.term = term;
  entry.beat = beat;
  entry.incarnation = 5;
  entry.state = state;
  return entry;
}

// Node 1 of four; the test speaks for the others. It runs from second 0 on.
class FailureDetectorTest : public testing::Test {
 protected:
  FailureDetectorTest() {
    detector_.Start(At(0), node_.replica.actor());
    RunUntil(1000);
    for (const std::uint32_t peer : {2U, 3U, 4U}) Tell(peer, {EntryOf(peer, 1)});
  }

  // What left up to then.
  Output RunUntil(std::int64_t milliseconds) {
    Output all;
    while (detector_.NextDeadline() <= At(milliseconds).monotonic) {
      now_ = Milliseconds(detector_.NextDeadline().time_since_epoch());
      detector_.Tick(At(now_));
      Output output = node_.End();
      std::ranges::move(output.messages, std::back_inserter(all.messages));
    }
    now_ = milliseconds;
    return all;
  }
  // As above, with the heartbeats of these peers.
  Output RunWith(std::vector<std::uint32_t> beating, std::int64_t milliseconds) {
    Output all;
    for (std::int64_t at = now_ + 1000; at <= milliseconds; at += 1000) {
      Output output = RunUntil(at);
      std::ranges::move(output.messages, std::back_inserter(all.messages));
      for (const std::uint32_t peer : beating) {
        Tell(peer, {EntryOf(peer, static_cast<std::uint64_t>(at))});
      }
    }
    return all;
  }
  Output Tell(std::uint32_t from, std::vector<LiveEntry> entries, bool wants_answer = false) {
    detector_.Heard(At(now_), {from});
    detector_.OnGossip(At(now_), {from}, {wants_answer, std::move(entries)});
    return node_.End();
  }
  PeerState StateOf(std::uint32_t node) const { return liveness_.StateOf({node}); }
  // What is told of a node in an output, by whoever it is told to.
  static std::vector<LiveEntry> ToldOf(const Output& output, std::uint32_t node) {
    std::vector<LiveEntry> told;
    for (const auto& gossip : SentOf<LiveGossip>(output)) {
      for (const LiveEntry& entry : gossip.message.entries) {
        if (entry.node == NodeId{node}) told.push_back(entry);
      }
    }
    return told;
  }

  LocalNode node_{1, {}, 4};
  Liveness liveness_;
  FailureDetector detector_{node_.ring, node_.turn, liveness_, {}};
  std::int64_t now_ = 0;
};

TEST_F(FailureDetectorTest, EachBeatItTellsAFewPeersOfItself) {
  const auto first = SentOf<LiveGossip>(RunUntil(2000));
  ASSERT_EQ(first.size(), 3U);
  EXPECT_TRUE(first[0].message.wants_answer);
  const auto second = SentOf<LiveGossip>(RunUntil(3000));
  EXPECT_GT(second.at(0).message.entries.at(0).beat, first[0].message.entries.at(0).beat);
  EXPECT_EQ(first[0].message.entries[0].node, NodeId{1});
  EXPECT_EQ(first[0].message.entries[0].incarnation, 1U);
}

TEST_F(FailureDetectorTest, WhoBeatsStaysAlive) {
  RunWith({2, 3, 4}, 60'000);
  for (const std::uint32_t peer : {2U, 3U, 4U}) EXPECT_EQ(StateOf(peer), PeerState::kAlive);
  EXPECT_EQ(detector_.counters().probes, 0U);
}

TEST_F(FailureDetectorTest, WhoIsSilentIsProbedThenSuspectThenDown) {
  RunWith({2, 3, 4}, 20'000);
  const Output probing = RunWith({2, 3}, 24'000);
  EXPECT_EQ(NumbersOf(SentOf<Ping>(probing)), std::vector<std::uint32_t>{4});
  EXPECT_EQ(NumbersOf(SentOf<PingFor>(probing)), (std::vector<std::uint32_t>{2, 3}));
  RunWith({2, 3}, 25'000);
  EXPECT_EQ(StateOf(4), PeerState::kSuspect);
  RunWith({2, 3}, 28'000);
  EXPECT_EQ(StateOf(4), PeerState::kSuspect);
  RunWith({2, 3}, 40'000);
  EXPECT_EQ(StateOf(4), PeerState::kDown);
  EXPECT_EQ(StateOf(2), PeerState::kAlive);
  EXPECT_EQ(detector_.TakeChanges(), (std::vector<FailureDetector::Change>{
                                         {{4}, PeerState::kSuspect}, {{4}, PeerState::kDown}}));
}

TEST_F(FailureDetectorTest, ANodeThatWasRemovedAndComesBackIsAsGoodAsNew) {
  const View four = FirstView(SmallTopology(4), "");
  RunWith({2, 3}, 40'000);
  ASSERT_EQ(StateOf(4), PeerState::kDown);
  View view = *ViewForLayout(four, {1}, LayoutAfter(four, SmallTopology(3)));
  while (view.stage != Stage::kSettled) view = NextStep(view);
  node_.ring.Adopt(view = *ViewForLayout(view, {1}, LayoutAfter(view, SmallTopology(3), 3)));
  detector_.FollowView(At(now_));
  node_.ring.Adopt(*ViewForLayout(view, {1}, LayoutAfter(view, SmallTopology(4), 4)));
  detector_.FollowView(At(now_));
  Tell(4, {EntryOf(4, 1, PeerState::kAlive, kTerm + 1)});
  EXPECT_EQ(StateOf(4), PeerState::kAlive);
}

TEST_F(FailureDetectorTest, AProbeThatReachesItSavesIt) {
  RunWith({2, 3, 4}, 20'000);
  RunWith({2, 3}, 23'000);
  const auto asked = SentOf<PingFor>(RunUntil(23'600));
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked[0].message.target, NodeId{4});
  detector_.OnPingForDone({asked[0].message.id, true});
  RunWith({2, 3}, 26'000);
  EXPECT_EQ(StateOf(4), PeerState::kAlive);
}

TEST_F(FailureDetectorTest, HeartbeatsThatOthersPassOnCount) {
  for (std::int64_t at = 2000; at <= 30'000; at += 1000) {
    RunUntil(at);
    const auto beat = static_cast<std::uint64_t>(at);
    Tell(2, {EntryOf(2, beat), EntryOf(3, beat), EntryOf(4, beat)});
  }
  EXPECT_EQ(StateOf(4), PeerState::kAlive);
}

TEST_F(FailureDetectorTest, OthersThatFoundItSilentShortenTheSuspicion) {
  RunWith({2, 3, 4}, 20'000);
  RunWith({2, 3}, 25'000);
  ASSERT_EQ(StateOf(4), PeerState::kSuspect);
  LiveEntry accusation = EntryOf(4, 20'000, PeerState::kSuspect);
  accusation.accused = true;
  Tell(2, {accusation});
  Tell(3, {accusation});
  RunWith({2, 3}, 28'000);
  EXPECT_EQ(StateOf(4), PeerState::kDown);
}

TEST_F(FailureDetectorTest, AnAccusationOfWhoWasJustHeardIsToldToTheAccused) {
  RunWith({2, 3, 4}, 20'000);
  const Output output = Tell(2, {EntryOf(4, 20'000, PeerState::kDown)});
  EXPECT_EQ(StateOf(4), PeerState::kAlive);
  ASSERT_EQ(NumbersOf(SentOf<LiveGossip>(output)), std::vector<std::uint32_t>{4});
  EXPECT_EQ(ToldOf(output, 4).at(0).state, PeerState::kDown);
}

TEST_F(FailureDetectorTest, AnAccusationOfWhoIsSilentHereTooIsBelieved) {
  RunWith({2, 3, 4}, 20'000);
  RunWith({2, 3}, 22'000);
  Tell(2, {EntryOf(4, 20'000, PeerState::kDown)});
  EXPECT_EQ(StateOf(4), PeerState::kDown);
}

TEST_F(FailureDetectorTest, WhatIsSaidOfItselfIsRefutedAtOnce) {
  const LiveEntry own = ToldOf(RunUntil(2000), 1).at(0);
  LiveEntry said = own;
  said.state = PeerState::kDown;
  const std::vector<LiveEntry> told = ToldOf(Tell(2, {said}), 1);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told[0].term, own.term + 1);
  EXPECT_EQ(told[0].state, PeerState::kAlive);
  EXPECT_TRUE(ToldOf(Tell(3, {said}), 1).empty()) << "that is already refuted";
}

TEST_F(FailureDetectorTest, ANodeThatLostItsDiskOutlivesItsFormerTerms) {
  LiveEntry former = ToldOf(RunUntil(2000), 1).at(0);
  former.term = kTerm;
  EXPECT_EQ(ToldOf(Tell(2, {former}), 1).at(0).term, kTerm + 1);
}

TEST_F(FailureDetectorTest, ALaterTermBringsItBack) {
  RunWith({2, 3}, 30'000);
  ASSERT_EQ(StateOf(4), PeerState::kDown);
  const Output output = Tell(4, {EntryOf(4, 40)});
  EXPECT_EQ(StateOf(4), PeerState::kDown) << "it does not know yet what is said of it";
  ASSERT_EQ(ToldOf(output, 4).size(), 1U) << "now it does";
  Tell(2, {EntryOf(4, 41, PeerState::kAlive, kTerm + 1)});
  EXPECT_EQ(StateOf(4), PeerState::kAlive);
}

TEST_F(FailureDetectorTest, WhoSaidGoodbyeHasLeftUntilItStartsAgain) {
  Tell(4, {EntryOf(4, 2, PeerState::kLeft)});
  EXPECT_EQ(StateOf(4), PeerState::kLeft);
  RunWith({2, 3}, 30'000);
  EXPECT_EQ(StateOf(4), PeerState::kLeft);
  EXPECT_EQ(detector_.counters().probes, 0U);
  Tell(4, {EntryOf(4, 1, PeerState::kAlive, 6 << 20)});
  EXPECT_EQ(StateOf(4), PeerState::kAlive);
}

TEST_F(FailureDetectorTest, ItsOwnGoodbyeReachesEverybodyAndIsNotTakenBack) {
  detector_.Leave(At(1500));
  const Output goodbye = node_.End();
  EXPECT_EQ(NumbersOf(SentOf<LiveGossip>(goodbye)), (std::vector<std::uint32_t>{2, 3, 4}));
  const LiveEntry said = ToldOf(goodbye, 1).at(0);
  EXPECT_EQ(said.state, PeerState::kLeft);
  EXPECT_TRUE(Tell(2, {said}, true).messages.empty());
  EXPECT_EQ(detector_.NextDeadline(), kNever);
}

TEST_F(FailureDetectorTest, TimeInWhichItDidNotRunIsNotHeldAgainstOthers) {
  RunWith({2, 3, 4}, 20'000);
  detector_.Tick(At(50'000));
  node_.End();
  now_ = 50'000;
  EXPECT_EQ(detector_.counters().late_turns, 1U);
  EXPECT_EQ(detector_.slowness(), 1);
  RunUntil(51'900);
  EXPECT_EQ(detector_.counters().probes, 0U);
  for (const std::uint32_t peer : {2U, 3U, 4U}) EXPECT_EQ(StateOf(peer), PeerState::kAlive);
}

TEST_F(FailureDetectorTest, WhomNobodyAnswersSuspectsItselfFirst) {
  RunWith({2, 3, 4}, 20'000);
  RunUntil(25'000);
  EXPECT_GT(detector_.slowness(), 0);
  RunUntil(27'500);
  EXPECT_NE(StateOf(4), PeerState::kDown) << "a punctual node would have found it down";
  RunUntil(60'000);
  EXPECT_EQ(StateOf(4), PeerState::kDown);
}

TEST_F(FailureDetectorTest, AnswersWithWhatTheOtherDoesNotKnow) {
  const Output output = Tell(2, {EntryOf(2, 9), EntryOf(3, 1), EntryOf(4, 0)}, true);
  EXPECT_EQ(NumbersOf(SentOf<LiveGossip>(output)), std::vector<std::uint32_t>{2});
  EXPECT_EQ(ToldOf(output, 4).size(), 1U);
  EXPECT_EQ(ToldOf(output, 1).size(), 1U);
  EXPECT_TRUE(ToldOf(output, 3).empty());
  EXPECT_TRUE(ToldOf(output, 2).empty());
}

TEST_F(FailureDetectorTest, StrangersAreIgnored) {
  Tell(2, {EntryOf(9, 1, PeerState::kDown)});
  Tell(9, {EntryOf(2, 1, PeerState::kDown)});
  EXPECT_EQ(StateOf(9), PeerState::kAlive);
  EXPECT_EQ(StateOf(2), PeerState::kAlive);
}

}  // namespace
}  // namespace meridian::local
