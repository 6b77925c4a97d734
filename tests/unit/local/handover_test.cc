#include "local/handover.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

// Node 1 of five keeps hints of partitions it is no primary of.
class HandoverTest : public testing::Test {
 protected:
  HandoverTest() {
    for (int i = 0; keys_.size() < 3; ++i) {
      const crdt::RowKey key = KeyOf("key" + std::to_string(i));
      const PartitionKey partition = node_.PartitionOf(key);
      if (node_.ring.IsMine(partition)) continue;
      if (keys_.empty() || partition == node_.PartitionOf(keys_[0])) keys_.push_back(key);
    }
    for (const NodeId node : node_.ring.ListOf(partition())->Primaries()) {
      primaries_.push_back(node.value);
    }
  }
  PartitionKey partition() { return node_.PartitionOf(keys_[0]); }
  void Keep(std::size_t key, std::uint64_t sequence, std::size_t needed = 2) {
    node_.hints.Keep(At(0), {keys_[key], Written({}, {kA, sequence}, "v"), {}}, needed);
    node_.Sync();
  }
  Output TickAt(std::int64_t milliseconds) {
    handover_.Tick(At(milliseconds));
    return node_.Sync();
  }
  Output Ack(std::uint32_t from, std::uint64_t id, std::int64_t at = 1) {
    EXPECT_TRUE(handover_.OnReplicateAck(At(at), {from}, id));
    return node_.Sync();
  }
  std::uint64_t IdOf(const Output& output) {
    const auto sent = SentOf<Replicate>(output);
    EXPECT_FALSE(sent.empty());
    return sent.empty() ? 0 : sent[0].message.id;
  }

  LocalNode node_{1, {}, 5};
  HandoverOptions options_;
  Handover handover_{node_.ring, node_.turn, node_.replica, node_.hints, node_.liveness, options_};
  std::vector<crdt::RowKey> keys_;
  std::vector<std::uint32_t> primaries_;
};

TEST_F(HandoverTest, SleepsWhileThereIsNothing) {
  EXPECT_EQ(handover_.NextDeadline(), kNever);
  Keep(0, 1);
  EXPECT_NE(handover_.NextDeadline(), kNever);
}

// Rule 8.
TEST_F(HandoverTest, AHintIsDroppedOnlyWhenAQuorumOfPrimariesHoldsIt) {
  Keep(0, 1, 1);
  Keep(1, 2);
  const Output output = TickAt(0);
  const auto sent = SentOf<Replicate>(output);
  std::vector<std::uint32_t> sorted = primaries_;
  std::ranges::sort(sorted);
  EXPECT_EQ(NumbersOf(sent), sorted);
  EXPECT_EQ(sent[0].message.rows.size(), 2U);
  Ack(primaries_[0], IdOf(output));
  Ack(primaries_[0], IdOf(output));
  EXPECT_EQ(node_.hints.total().rows(), 2U)
      << "one primary is not enough, however often it says so";
  Ack(primaries_[2], IdOf(output));
  EXPECT_EQ(node_.hints.total().rows(), 0U);
  EXPECT_EQ(node_.disk.Count(Column::kHint), 0U);
}

TEST_F(HandoverTest, AWriteThatAllAskedForWaitsForAll) {
  Keep(0, 1, 3);
  const std::uint64_t id = IdOf(TickAt(0));
  Ack(primaries_[0], id);
  Ack(primaries_[1], id);
  EXPECT_EQ(node_.hints.total().rows(), 1U);
  Ack(primaries_[2], id);
  EXPECT_EQ(node_.hints.total().rows(), 0U);
}

TEST_F(HandoverTest, WaitsUntilAQuorumIsUp) {
  node_.liveness.Set({primaries_[0]}, PeerState::kDown);
  node_.liveness.Set({primaries_[1]}, PeerState::kDown);
  Keep(0, 1);
  EXPECT_TRUE(TickAt(0).messages.empty());
  node_.liveness.Set({primaries_[1]}, PeerState::kAlive);
  EXPECT_EQ(SentOf<Replicate>(TickAt(200)).size(), 2U);
}

TEST_F(HandoverTest, StrangersAndAcksOfOthersDoNotCount) {
  Keep(0, 1);
  const std::uint64_t id = IdOf(TickAt(0));
  EXPECT_FALSE(handover_.OnReplicateAck(At(1), {primaries_[0]}, id + 1));
  for (const NodeId node : node_.ring.ListOf(partition())->nodes) {
    if (!node_.ring.ListOf(partition())->IsPrimary(node)) Ack(node.value, id);
  }
  EXPECT_EQ(node_.hints.total().rows(), 1U);
}

TEST_F(HandoverTest, AHintThatChangedOnTheWayGoesAgain) {
  Keep(0, 1);
  const std::uint64_t id = IdOf(TickAt(0));
  Keep(0, 2);
  Ack(primaries_[0], id);
  Ack(primaries_[1], id);
  EXPECT_EQ(node_.hints.total().rows(), 1U);
  TickAt(200);  // the end of the round
  const Output again = TickAt(1500);
  const auto sent = SentOf<Replicate>(again);
  ASSERT_FALSE(sent.empty());
  EXPECT_TRUE(sent[0].message.rows[0].row.Has({kA, 2}));
}

TEST_F(HandoverTest, WhatIsNotAcknowledgedIsSentAgainLater) {
  Keep(0, 1);
  const std::uint64_t first = IdOf(TickAt(0));
  EXPECT_TRUE(TickAt(1000).messages.empty());
  TickAt(2000);
  EXPECT_EQ(handover_.counters().timeouts, 1U);
  const std::uint64_t second = IdOf(TickAt(3500));
  EXPECT_NE(first, second);
  EXPECT_FALSE(handover_.OnReplicateAck(At(3501), {primaries_[0]}, first)) << "too late";
}

TEST_F(HandoverTest, LeavesAtABoundedRate) {
  options_.bytes_per_second = 4000;
  options_.page_bytes = 100;
  Handover slow(node_.ring, node_.turn, node_.replica, node_.hints, node_.liveness, options_);
  std::size_t sent = 0;
  for (std::size_t key = 0; key < 3; ++key) {
    node_.hints.Keep(At(0), {keys_[key], Written({}, {kA, key + 1}, Bytes(1000, 'x')), {}}, 2);
  }
  node_.Sync();
  for (std::int64_t at = 0; at < 1000; at += 100) {
    slow.Tick(At(at));
    const auto now = SentOf<Replicate>(node_.Sync());
    sent += now.size();
    for (const auto& one : now) slow.OnReplicateAck(At(at), {one.to.number}, one.message.id);
    sent += SentOf<Replicate>(node_.Sync()).size();
  }
  EXPECT_EQ(sent, 6U) << "two rows of 1 kB to three primaries are what a second allows, and a part";
}

// Rule 2: a stand-in that gave away a row it minted would claim it in the next one's context.
TEST_F(HandoverTest, TheTermAsAStandInEndsWithTheFirstHintGivenUp) {
  Minter& minter = node_.replica.minter();
  minter.Ensure(partition(), TermKind::kStandIn);
  node_.Sync();
  const crdt::Dot before = minter.Mint(partition());
  node_.hints.KeepOwn(At(0), {keys_[0], Written({}, before, "v"), {}}, 2);
  node_.Sync();
  const std::uint64_t id = IdOf(TickAt(0));
  Ack(primaries_[0], id);
  EXPECT_TRUE(minter.MayMint(partition()));
  Ack(primaries_[1], id);
  EXPECT_FALSE(minter.MayMint(partition()));
  minter.Ensure(partition(), TermKind::kStandIn);
  node_.Sync();
  EXPECT_NE(minter.Mint(partition()).actor, before.actor);
}

TEST_F(HandoverTest, ARowWithVeryManyDotsTravelsInParts) {
  std::vector<crdt::Dot> dots;
  for (std::uint64_t sequence = 1; sequence <= 5000; ++sequence) dots.push_back({kA, sequence});
  node_.hints.Keep(At(0), {keys_[0], Written({}, {kA, 5001}, "v"), dots}, 2);
  node_.Sync();
  const auto sent = SentOf<Replicate>(TickAt(0));
  ASSERT_FALSE(sent.empty());
  ASSERT_EQ(sent[0].message.rows.size(), 2U);
  EXPECT_EQ(sent[0].message.rows[0].listed.size() + sent[0].message.rows[1].listed.size(), 5000U);
}

TEST(MovingHandoverTest, WhileAPartitionMovesAHintGoesToThePrimariesOfBothLayouts) {
  Topology five = SmallTopology(5);
  five.partition_bits = 6;
  LocalNode node{1, {}, five};
  Handover handover{node.ring, node.turn, node.replica, node.hints, node.liveness, {}};
  const View first = FirstView(five, "");
  Topology six = SmallTopology(6);
  six.partition_bits = 6;
  node.ring.Adopt(*ViewForLayout(first, {1}, LayoutAfter(first, six)));
  // A key of others that node 6 gains.
  crdt::RowKey key;
  const PreferenceList* also = nullptr;
  for (int i = 0; i < 1000 && also == nullptr; ++i) {
    key = KeyOf("key" + std::to_string(i));
    if (node.ring.ListOf(node.PartitionOf(key))->IsPrimary({1})) continue;
    also = node.ring.AlsoWrittenTo(node.PartitionOf(key));
    if (also != nullptr && !also->IsPrimary({6})) also = nullptr;
  }
  ASSERT_NE(also, nullptr);
  std::vector<std::uint32_t> stay;
  std::uint32_t leaves = 0;
  for (const NodeId primary : node.ring.ListOf(node.PartitionOf(key))->Primaries()) {
    if (also->IsPrimary(primary)) {
      stay.push_back(primary.value);
    } else {
      leaves = primary.value;
    }
  }
  node.hints.Keep(At(0), {key, Written({}, {kA, 1}, "v"), {}}, 2);
  node.Sync();
  handover.Tick(At(0));
  const auto sent = SentOf<Replicate>(node.Sync());
  ASSERT_EQ(sent.size(), 4U);
  const auto ack = [&](std::uint32_t from) {
    EXPECT_TRUE(handover.OnReplicateAck(At(1), {from}, sent[0].message.id));
  };
  ack(leaves);
  ack(stay.at(0));
  EXPECT_EQ(node.hints.total().rows(), 1U) << "one of those that will be read does not suffice";
  ack(6);
  EXPECT_EQ(node.hints.total().rows(), 0U);
}

}  // namespace
}  // namespace meridian::local
