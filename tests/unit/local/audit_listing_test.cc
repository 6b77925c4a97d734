#include <gtest/gtest.h>

#include "local/audit.h"
#include "support/audited_ring.h"

namespace meridian::local {
namespace {

class AuditListingTest : public ::testing::Test {
 protected:
  AuditListingTest() { ring.ApplyAll({key, row, {}}); }

  AuditedRing ring;
  const crdt::RowKey key = KeyOf("milk");
  const crdt::Row row = Written({}, {kA, 1}, "milk");
  const Bytes rotten = crdt::EncodeRow(Written({}, {kA, 1}, "silk"));
};

TEST_F(AuditListingTest, ARottenValueIsFoundByItsOwnNodeAndHealed) {
  ring.Rot(2, key, rotten);
  ring.Audit(2, true);
  EXPECT_EQ(ring.Found(AuditCause::kContent), 1U);
  EXPECT_EQ(ring.Mended(2, AuditCause::kContent), 1U);
  EXPECT_EQ(ring.Stored(2, key), crdt::EncodeRow(row));
  ring.Audit(2, true);
  EXPECT_EQ(ring.FoundInAll(), 1U) << "the tree had the right sum all the time";
}

TEST_F(AuditListingTest, AConfirmedRottenValueIsOutvoted) {
  ring.Rot(2, key, rotten);
  ring.Restart(2);  // the tree is counted from what is there
  ring.Audit(1, false);
  ring.Audit(2, false);
  ring.Audit(3, false);
  EXPECT_EQ(ring.Stored(2, key), crdt::EncodeRow(row));
  EXPECT_EQ(ring.Mended(2, AuditCause::kContent), 1U);
}

TEST_F(AuditListingTest, BytesThatAreNoRowAreReplacedWhenTheyAreMet) {
  ring.Rot(3, key, "garbage");
  ring.Restart(3);
  EXPECT_FALSE(ring.node(3).local.replica.TryRead(key, key.token()));
  ring.RunFor(1000);
  EXPECT_EQ(ring.Stored(3, key), crdt::EncodeRow(row));
  EXPECT_EQ(ring.Mended(3, AuditCause::kUnreadable), 1U);
}

TEST_F(AuditListingTest, WithNobodyToAskItWaitsForTheNextRound) {
  ring.Rot(2, key, rotten);
  ring.silent = {1, 3};
  ring.Audit(2, true);
  EXPECT_EQ(ring.FoundInAll(), 0U);
  ring.silent = {};
  ring.Audit(2, false);
  EXPECT_EQ(ring.Stored(2, key), crdt::EncodeRow(row));
}

TEST_F(AuditListingTest, AWrongSumIsTakenFromTheRows) {
  PartitionTrees& trees = ring.node(2).local.replica.trees();
  const PartitionKey partition = ring.node(2).local.PartitionOf(key);
  const std::size_t leaf = crdt::LeafOf(key.token(), 2);
  trees.Adopt(partition, leaf, 42);
  ring.node(2).local.Sync();
  ring.Audit(2, true);
  EXPECT_EQ(ring.Found(AuditCause::kTree), 1U);
  EXPECT_EQ(trees.LeafOf(partition, leaf), trees.Recount(partition, leaf));
}

TEST_F(AuditListingTest, ALeafOfManyRowsIsListedInPages) {
  // Elements of one key share its token, and so its leaf.
  for (std::uint64_t number = 2; number <= 4000; ++number) {
    crdt::RowKey element = key;
    element.element = Bytes(40, 'e') + std::to_string(number);
    ring.ApplyAll({element, Written({}, {kA, number}, "x"), {}});
  }
  crdt::RowKey last = key;
  last.element = Bytes(40, 'e') + "999";
  ring.Rot(2, last, std::nullopt);
  ring.Audit(2, true);
  EXPECT_EQ(ring.FoundInAll(), 1U);
  EXPECT_EQ(ring.Mended(2, AuditCause::kMissingRow), 1U);
  EXPECT_EQ(ring.Stored(2, last), ring.Stored(1, last));
}

TEST_F(AuditListingTest, TwoRottenRowsOfALeafAreBothHealed) {
  crdt::RowKey element = key;
  element.element = "e";
  ring.ApplyAll({element, Written({}, {kA, 2}, "x"), {}});
  const auto before = ring.Stored(1, element);
  ring.Rot(2, key, rotten);
  ring.Rot(2, element, std::nullopt);
  ring.Audit(2, true);
  EXPECT_EQ(ring.Stored(2, key), crdt::EncodeRow(row));
  EXPECT_EQ(ring.Stored(2, element), before);
  ring.Audit(1, true);
  ring.Audit(2, true);
  EXPECT_EQ(ring.FoundInAll(), 2U);
}

}  // namespace
}  // namespace meridian::local
