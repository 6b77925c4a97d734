#include "local/decree.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "base/random.h"
#include "local/messages.h"
#include "support/local_node.h"
#include "support/memory_disk.h"

namespace meridian::local {
namespace {

using std::chrono::milliseconds;

// Voters of one slot and what is under way between them, delivered by hand or by chance.
class DecreeTest : public ::testing::Test {
 protected:
  struct Voter {
    MemoryDisk disk;
    std::unique_ptr<Turn> turn;
    std::unique_ptr<Decree> decree;
    std::vector<Bytes> chosen;
    bool up = true;
  };
  struct Letter {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    DecreeCall call;
  };

  void StartVoters(std::uint32_t count) {
    for (std::uint32_t number = 1; number <= count; ++number) ids_.push_back({number});
    for (std::uint32_t number = 1; number <= count; ++number) StartVoter(number);
  }
  // A new process over what the voter's disk holds.
  void StartVoter(std::uint32_t number) {
    Voter& voter = voters_[number];
    voter.turn = std::make_unique<Turn>(NodeOf(number), voter.disk);
    voter.decree = std::make_unique<Decree>(NodeOf(number), *voter.turn, DecreeOptions{});
    voter.up = true;
    voter.decree->Load();
    voter.decree->Open(now_, 2, ids_);
  }
  void Propose(std::uint32_t number, const Bytes& value) {
    voters_.at(number).decree->Propose(now_, value);
    Settle(number);
  }
  // Ends the voter's turn; what it writes is durable at once.
  void Settle(std::uint32_t number) {
    Voter& voter = voters_.at(number);
    for (;;) {
      Output output = voter.turn->Take();
      voter.disk.Apply(output.writes);
      for (const auto& sent : SentOf<DecreeCall>(output)) {
        letters_.push_back({number, sent.to.number, sent.message});
      }
      if (output.writes.id.value == 0) break;
      voter.turn->MarkDurable(output.writes.id);
      voter.decree->OnDurable(now_, output.writes.id);
    }
    if (auto value = voter.decree->TakeChosen()) voter.chosen.push_back(*value);
  }
  void Deliver(const Letter& letter) {
    if (!voters_.at(letter.to).up) return;
    voters_.at(letter.to).decree->OnCall(now_, {letter.from}, letter.call);
    Settle(letter.to);
  }
  void DeliverAll() {
    while (!letters_.empty()) {
      const Letter letter = letters_.front();
      letters_.pop_front();
      Deliver(letter);
    }
  }
  void Pass(Duration time) {
    now_.monotonic += time;
    for (auto& [number, voter] : voters_) {
      if (!voter.up) continue;
      voter.decree->Tick(now_);
      Settle(number);
    }
  }
  std::set<Bytes> Chosen() const {
    std::set<Bytes> chosen;
    for (const auto& [number, voter] : voters_) {
      chosen.insert(voter.chosen.begin(), voter.chosen.end());
    }
    return chosen;
  }

  Moment now_ = At(0);
  std::vector<NodeId> ids_;
  std::map<std::uint32_t, Voter> voters_;
  std::deque<Letter> letters_;
};

TEST_F(DecreeTest, WhatOneProposesIsChosen) {
  StartVoters(3);
  Propose(2, "a");
  DeliverAll();
  EXPECT_EQ(voters_.at(2).chosen, (std::vector<Bytes>{"a"}));
}

// Its disk turned out to be an old one: until it is filled it has nothing to do here.
TEST_F(DecreeTest, AProposerThatComesToAbstainAsksForNoTurns) {
  StartVoters(3);
  voters_.at(2).up = voters_.at(3).up = false;
  Propose(1, "a");
  voters_.at(1).decree->SetAbstains(true);
  for (int i = 0; i < 10; ++i) {
    Pass(milliseconds(1000));
    EXPECT_GT(voters_.at(1).decree->NextDeadline(), now_.monotonic);
  }
}

TEST_F(DecreeTest, AVoterAloneDecidesAlone) {
  StartVoters(1);
  Propose(1, "a");
  EXPECT_EQ(voters_.at(1).chosen, (std::vector<Bytes>{"a"}));
}

TEST_F(DecreeTest, NothingIsChosenWithoutMost) {
  StartVoters(5);
  for (const std::uint32_t number : {3U, 4U, 5U}) voters_.at(number).up = false;
  Propose(1, "a");
  for (int i = 0; i < 20; ++i) {
    DeliverAll();
    Pass(milliseconds(500));
  }
  EXPECT_TRUE(Chosen().empty());
  StartVoter(4);
  for (int i = 0; i < 20 && Chosen().empty(); ++i) {
    DeliverAll();
    Pass(milliseconds(500));
  }
  EXPECT_EQ(Chosen(), (std::set<Bytes>{"a"}));
}

TEST_F(DecreeTest, OneValueIsChosenOfTwoThatRace) {
  StartVoters(3);
  Propose(1, "a");
  Propose(3, "b");
  for (int i = 0; i < 20; ++i) {
    DeliverAll();
    Pass(milliseconds(100));
  }
  EXPECT_EQ(Chosen().size(), 1U);
}

// The proposer dies when one voter has its value: the others must come to the same, or to it.
TEST_F(DecreeTest, AVoteIsTakenUpWhenItsProposerDies) {
  StartVoters(3);
  Propose(1, "a");
  while (letters_.front().call.kind != DecreeCallKind::kAccept) {
    const Letter letter = letters_.front();
    letters_.pop_front();
    Deliver(letter);
  }
  const Letter accept = letters_.front();
  letters_.clear();
  voters_.at(1).up = false;
  Deliver(accept);
  letters_.clear();
  EXPECT_TRUE(Chosen().empty());
  for (int i = 0; i < 20 && Chosen().empty(); ++i) {
    Pass(milliseconds(500));
    DeliverAll();
  }
  EXPECT_EQ(Chosen(), (std::set<Bytes>{"a"}));
}

TEST_F(DecreeTest, AVoteOutlivesItsVoter) {
  StartVoters(3);
  Propose(1, "a");
  DeliverAll();
  ASSERT_EQ(Chosen(), (std::set<Bytes>{"a"}));
  for (auto& [number, voter] : voters_) voter.chosen.clear();
  for (const std::uint32_t number : {1U, 2U, 3U}) StartVoter(number);
  Propose(3, "b");
  DeliverAll();
  EXPECT_EQ(Chosen(), (std::set<Bytes>{"a"})) << "it was chosen before";
}

TEST_F(DecreeTest, CallsOfAnotherSlotAndOfStrangersAreIgnored) {
  StartVoters(3);
  DecreeCall call{DecreeCallKind::kPrepare, 3, {9, {2}}, {}, {}};
  Deliver({2, 1, call});
  call.slot = 2;
  Deliver({7, 1, call});
  EXPECT_TRUE(letters_.empty());
}

// Losses, repeats, any order, crashes: never two values.
TEST_F(DecreeTest, NoScheduleChoosesTwo) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    ids_.clear();
    voters_.clear();
    letters_.clear();
    StartVoters(static_cast<std::uint32_t>(random.Between(2, 5)));
    for (int step = 0; step < 300; ++step) {
      const auto number = static_cast<std::uint32_t>(random.Between(1, ids_.size()));
      if (random.OneIn(40)) {
        Propose(number, "value " + std::to_string(number));
      } else if (random.OneIn(60)) {
        StartVoter(number);
      } else if (random.OneIn(10)) {
        Pass(milliseconds(random.Between(1, 900)));
      } else if (!letters_.empty()) {
        const std::size_t at = random.Below(letters_.size());
        const Letter letter = letters_[at];
        if (!random.OneIn(5)) letters_.erase(letters_.begin() + static_cast<std::ptrdiff_t>(at));
        if (!random.OneIn(8)) Deliver(letter);
      }
    }
    ASSERT_LE(Chosen().size(), 1U) << "seed " << seed;
    for (int i = 0; i < 60; ++i) {
      Propose(1, "last");
      DeliverAll();
      Pass(milliseconds(300));
    }
    ASSERT_EQ(Chosen().size(), 1U) << "seed " << seed;
  }
}

TEST_F(DecreeTest, WhoHasForgottenItsVotesHasNone) {
  StartVoters(3);
  voters_.at(3).decree->SetAbstains(true);
  voters_.at(2).up = false;
  Propose(3, "three");
  Propose(1, "one");
  DeliverAll();
  EXPECT_FALSE(voters_.at(3).decree->HasWish());
  EXPECT_TRUE(voters_.at(1).chosen.empty()) << "one vote of three";
  voters_.at(2).up = true;
  now_.monotonic += std::chrono::seconds(1);
  voters_.at(1).decree->Tick(now_);
  Settle(1);
  DeliverAll();
  EXPECT_EQ(voters_.at(1).chosen, std::vector<Bytes>{"one"});
}

TEST_F(DecreeTest, AProposerAsksForPromisesOnlyWhenItsOwnIsDurable) {
  StartVoters(3);
  Voter& proposer = voters_.at(1);
  proposer.decree->Propose(now_, "this");
  const Output output = proposer.turn->Take();
  ASSERT_EQ(output.messages.size(), 2U);
  ASSERT_FALSE(output.writes.writes.empty());
  for (const Outgoing& outgoing : output.messages) EXPECT_EQ(outgoing.after, output.writes.id);
  // It ends before that, so nobody has heard of the ballot and it may be used for something else.
  StartVoter(1);
  Propose(1, "that");
  DeliverAll();
  EXPECT_EQ(proposer.chosen, std::vector<Bytes>{"that"});
}

}  // namespace
}  // namespace meridian::local
