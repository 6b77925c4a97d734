#include "local/minter.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

class MinterTest : public testing::Test {
 protected:
  LocalNode node_{1};
};

// Rule 2.
TEST_F(MinterTest, EveryStartIsANewIncarnation) {
  EXPECT_EQ(node_.replica.actor(), Actor::Of({1}, {1}, 1));
  const LocalNode again(1, node_.disk);
  EXPECT_EQ(again.replica.actor(), Actor::Of({1}, {1}, 2));
}

TEST_F(MinterTest, MayNotMintBeforeTheIncarnationIsDurable) {
  const Ring ring(SmallTopology(), NodeOf(1));
  MemoryDisk disk;
  Turn turn(ring.self(), disk);
  Minter minter(ring, turn);
  minter.Load();
  EXPECT_FALSE(minter.HasStarted());
  minter.Begin({}, 0, 0);
  EXPECT_FALSE(minter.HasStarted());
  disk.Apply(turn.Take().writes);
  EXPECT_FALSE(minter.HasStarted());
  turn.MarkDurable({1});
  EXPECT_TRUE(minter.HasStarted());
}

TEST_F(MinterTest, WhatWasMintedAndLostIsNotMintedAgain) {
  const MemoryDisk synced = node_.disk;
  const crdt::Dot lost = node_.replica.minter().Mint(node_.PartitionOf(kMilk));
  node_.replica.Apply({kMilk, Written({}, lost, "milk"), {}});
  node_.End();
  LocalNode again(1, synced);  // the tail is gone
  EXPECT_FALSE(again.Seen(kMilk).Contains(lost));
  EXPECT_NE(again.replica.minter().Mint(again.PartitionOf(kMilk)).actor, lost.actor);
}

TEST_F(MinterTest, SequencesCountPerPartition) {
  const PartitionKey one{{1}, {0}}, two{{1}, {1}}, home{{2}, {0}};
  const Actor self = node_.replica.actor();
  EXPECT_EQ(node_.replica.minter().Mint(one), (crdt::Dot{self, 1}));
  EXPECT_EQ(node_.replica.minter().Mint(one), (crdt::Dot{self, 2}));
  EXPECT_EQ(node_.replica.minter().Mint(two), (crdt::Dot{self, 1}));
  EXPECT_EQ(node_.replica.minter().Mint(home), (crdt::Dot{self, 1}));
}

TEST_F(MinterTest, ARenewedPartitionMintsUnderAnotherActorOnceThatIsDurable) {
  Minter& minter = node_.replica.minter();
  const PartitionKey given_up{{1}, {0}}, kept{{1}, {1}};
  const crdt::Dot before = minter.Mint(given_up);
  minter.Renew(given_up);
  EXPECT_FALSE(minter.MayMint(given_up));
  EXPECT_TRUE(minter.MayMint(kept));
  node_.Sync();
  const crdt::Dot after = minter.Mint(given_up);
  EXPECT_GT(after.actor, before.actor);
  EXPECT_EQ(after.sequence, 1U);
  EXPECT_EQ(minter.Mint(kept).actor, before.actor);
}

TEST_F(MinterTest, TheStartAfterARenewalIsAnotherActorStill) {
  node_.replica.minter().Renew({{1}, {0}});
  node_.Sync();
  const LocalNode again(1, node_.disk);
  EXPECT_EQ(again.replica.actor(), Actor::Of({1}, {1}, 3));
}

// A disk that was lost knows nothing; what it had drawn is below the clock, or known to a peer.
TEST_F(MinterTest, AnIncarnationIsAboveTheStoredTheKnownAndTheClock) {
  const auto drawn = [](WallTime wall, std::uint32_t known, std::uint64_t chance) {
    const Ring ring(SmallTopology(), NodeOf(1));
    const MemoryDisk empty;
    Turn turn(ring.self(), empty);
    Minter minter(ring, turn);
    minter.Load();
    minter.Begin(wall, known, chance);
    return minter.actor().incarnation();
  };
  const WallTime clock(std::chrono::seconds(1'700'000'000));
  EXPECT_EQ(drawn(clock, 0, 0), 1'700'000'001U);
  EXPECT_EQ(drawn(clock, 1'800'000'000, 0), 1'800'000'001U);
  EXPECT_EQ(drawn(WallTime(std::chrono::seconds(-5)), 7, 0), 8U);
  EXPECT_NE(drawn(clock, 0, 17), drawn(clock, 0, 18)) << "two starts in one second";
}

TEST_F(MinterTest, BeginningAgainIsAnotherActorForEveryPartition) {
  Minter& minter = node_.replica.minter();
  const PartitionKey renewed{{1}, {0}}, other{{1}, {1}};
  minter.Renew(renewed);
  node_.Sync();
  const Actor before = std::max(minter.Mint(renewed).actor, minter.Mint(other).actor);
  minter.Begin({}, 0, 0);
  EXPECT_FALSE(minter.MayMint(renewed));
  node_.Sync();
  EXPECT_GT(minter.Mint(renewed).actor, before);
  EXPECT_EQ(minter.Mint(other), (crdt::Dot{minter.actor(), 1}));
}

// Rule 2: a stand-in looks among its hints for what it minted, a primary among its rows.
TEST_F(MinterTest, AStandInMintsUnderATermOfItsOwn) {
  Minter& minter = node_.replica.minter();
  const PartitionKey partition{{1}, {0}};
  const crdt::Dot as_primary = minter.Mint(partition);
  minter.Ensure(partition, TermKind::kPrimary);
  EXPECT_EQ(minter.Mint(partition).actor, as_primary.actor);
  minter.Ensure(partition, TermKind::kStandIn);
  EXPECT_FALSE(minter.MayMint(partition));
  node_.Sync();
  const crdt::Dot standing_in = minter.Mint(partition);
  EXPECT_NE(standing_in.actor, as_primary.actor);
  minter.Ensure(partition, TermKind::kStandIn);
  EXPECT_EQ(minter.Mint(partition), (crdt::Dot{standing_in.actor, 2}));
  minter.Ensure(partition, TermKind::kPrimary);
  node_.Sync();
  EXPECT_NE(minter.Mint(partition).actor, standing_in.actor);
}

TEST_F(MinterTest, ATermThatEndedMintsNothing) {
  Minter& minter = node_.replica.minter();
  const PartitionKey partition{{1}, {0}};
  minter.EndStandIn(partition);
  EXPECT_TRUE(minter.MayMint(partition)) << "a primary's term is not a stand-in's to end";
  minter.Ensure(partition, TermKind::kStandIn);
  node_.Sync();
  minter.EndStandIn(partition);
  EXPECT_FALSE(minter.MayMint(partition));
}

}  // namespace
}  // namespace meridian::local
