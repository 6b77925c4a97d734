#include "local/audit.h"

#include <gtest/gtest.h>

#include "support/audited_ring.h"

namespace meridian::local {
namespace {

class AuditTest : public ::testing::Test {
 protected:
  static crdt::RowUpdate Update(std::uint64_t number, const Bytes& value = "value") {
    return {KeyOf("key" + std::to_string(number)), Written({}, {kA, number}, value), {}};
  }
  AuditTest() {
    for (std::uint64_t number = 1; number <= 300; ++number) ring.ApplyAll(Update(number));
  }
  AuditedRing ring;
};

TEST_F(AuditTest, EqualReplicasCostOneRoundTripAPeer) {
  ring.Audit(1, false);
  EXPECT_EQ(ring.messages, 4U) << "one question and one answer a peer";
  EXPECT_LT(ring.bytes, 1000U);
  EXPECT_EQ(ring.FoundInAll(), 0U);
  EXPECT_EQ(ring.node(1).audit.Figures().rounds, 1U);
  EXPECT_FALSE(ring.node(1).audit.Figures().running);
}

TEST_F(AuditTest, ItBeginsByItselfEveryInterval) {
  ring.RunFor(121'000);
  for (std::uint32_t number = 1; number <= 3; ++number) {
    EXPECT_GE(ring.node(number).audit.Figures().rounds, 2U);
  }
  EXPECT_EQ(ring.FoundInAll(), 0U);
}

TEST_F(AuditTest, WhatAReplicaHasNotSeenIsInFlight) {
  ring.Apply(1, Update(1000));
  ring.Apply(2, Update(1000));
  ring.Audit(1, false);
  ring.Audit(3, true);
  EXPECT_EQ(ring.FoundInAll(), 0U);
  EXPECT_FALSE(ring.Stored(3, KeyOf("key1000")));
}

// Every leaf of it differs, and all of that comes anyway.
TEST_F(AuditTest, APartitionThatIsBeingFilledIsNotComparedByItsNodeNorByOthers) {
  for (std::uint64_t number = 1000; number <= 1300; ++number) {
    for (const std::uint32_t node : {1U, 3U}) ring.Apply(node, Update(number));
  }
  PartitionLog& log = ring.node(2).local.replica.log();
  for (const PartitionKey key : log.partitions()) log.MarkFilling(key);
  ring.Audit(1, false);
  EXPECT_EQ(ring.messages, 4U) << "one question and one answer a peer";
  ring.Audit(2, false);
  EXPECT_EQ(ring.messages, 4U);
  EXPECT_EQ(ring.node(2).audit.Figures().rounds, 1U);
  for (const PartitionKey key : log.partitions()) log.MarkFilled(key);
  ring.Audit(1, false);
  EXPECT_GT(ring.messages, 8U);
}

TEST_F(AuditTest, RowsThatALostTreeHidIsFoundByTheSums) {
  // A disk that lost rows, and whose tree was counted anew from what was left.
  for (std::uint64_t number = 1; number <= 40; ++number) {
    ring.Rot(2, Update(number).key, std::nullopt);
  }
  ring.Restart(2);
  EXPECT_NE(
      ring.node(2).local.replica.trees().RootOf(ring.node(2).local.PartitionOf(KeyOf("key1"))),
      ring.node(1).local.replica.trees().RootOf(ring.node(1).local.PartitionOf(KeyOf("key1"))));
  ring.Audit(1, false);
  EXPECT_EQ(ring.Found(AuditCause::kMissingRow), 40U);
  EXPECT_EQ(ring.Mended(2, AuditCause::kMissingRow), 40U);
  for (std::uint64_t number = 1; number <= 40; ++number) {
    EXPECT_EQ(ring.Stored(2, Update(number).key), ring.Stored(1, Update(number).key));
  }
  const std::size_t before = ring.messages;
  ring.Audit(1, false);
  EXPECT_EQ(ring.messages - before, 4U) << "nothing differs any more";
}

TEST_F(AuditTest, ASilentPeerIsCountedAndNotWaitedFor) {
  ring.silent = {3};
  ring.Audit(1, false);
  EXPECT_EQ(ring.node(1).audit.Figures().rounds, 1U);
  EXPECT_EQ(ring.node(1).audit.Figures().peers_silent, 1U);
}

TEST_F(AuditTest, APartitionIsAuditedWithoutItsFirstPrimary) {
  const PartitionKey key = ring.node(1).local.PartitionOf(KeyOf("key7"));
  const std::uint32_t first = ring.node(1).local.ring.ListOf(key)->nodes.front().value;
  const std::uint32_t wrong = first == 3 ? 2 : 3;
  for (std::uint64_t number = 1; number <= 300; ++number) {
    if (ring.node(1).local.PartitionOf(Update(number).key) == key) {
      ring.Rot(wrong, Update(number).key, std::nullopt);
    }
  }
  ring.Restart(wrong);
  ring.silent = {first};
  ring.RunFor(400'000);
  EXPECT_EQ(ring.Stored(wrong, KeyOf("key7")), ring.Stored(first, KeyOf("key7")));
  EXPECT_GT(ring.Found(AuditCause::kMissingRow), 0U);
}

}  // namespace
}  // namespace meridian::local
