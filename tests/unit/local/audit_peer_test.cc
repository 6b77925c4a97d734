#include "local/audit_peer.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

class AuditPeerTest : public ::testing::Test {
 protected:
  AuditPeerTest() {
    node.replica.Apply({key, row, {}});
    node.Sync();
  }
  LocalNode node{1};
  AuditPeer peer{node.ring, node.turn, node.replica};
  const crdt::RowKey key = KeyOf("milk");
  const crdt::Row row = Written({}, {kA, 1}, "milk");
  const PartitionKey partition = node.PartitionOf(key);
  const LeafName leaf{partition, static_cast<std::uint16_t>(crdt::LeafOf(key.token(), 2))};
};

TEST_F(AuditPeerTest, OnlyPartitionsThatDifferAreAnswered) {
  const std::uint64_t root = node.replica.trees().RootOf(partition);
  peer.OnRoots({2}, {7, {{partition, {root}}}});
  peer.OnRoots({2}, {8, {{partition, {root + 1}}}});
  const auto answers = SentOf<AuditBranches>(node.Sync());
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].message.id, 7U);
  EXPECT_TRUE(answers[0].message.differing.empty());
  ASSERT_EQ(answers[1].message.differing.size(), 1U);
  EXPECT_EQ(answers[1].message.differing[0].sums[leaf.leaf / 32U].value, root);
}

TEST_F(AuditPeerTest, OnlyLeavesThatDifferAreNamed) {
  BranchLeaves branch{partition, static_cast<std::uint8_t>(leaf.leaf / 32U), {}};
  peer.OnLeaves({2}, {7, {branch}});
  branch.sums[leaf.leaf % 32U].value = node.replica.trees().LeafOf(partition, leaf.leaf);
  peer.OnLeaves({2}, {8, {branch}});
  const auto answers = SentOf<AuditDiffering>(node.Sync());
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].message.leaves, std::vector<LeafName>{leaf});
  EXPECT_TRUE(answers[1].message.leaves.empty());
}

TEST_F(AuditPeerTest, AnAnswerWaitsUntilWhatItSpeaksOfIsDurable) {
  node.replica.Apply({KeyOf("bread"), Written({}, {kA, 2}, "v"), {}});
  peer.OnList({2}, {7, {{leaf, {}}}});
  const auto rows = SentOf<AuditRows>(node.End());
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_NE(rows[0].after.value, 0U);
}

TEST_F(AuditPeerTest, AListHasTheLeafsRowsAndWhatWasSeen) {
  const AuditRows rows = peer.List({7, {{leaf, {}}}});
  ASSERT_EQ(rows.pages.size(), 1U);
  ASSERT_EQ(rows.pages[0].rows.size(), 1U);
  EXPECT_FALSE(rows.pages[0].deviates);
  EXPECT_EQ(rows.pages[0].rows[0].storage_key, crdt::StorageKey(key));
  ASSERT_EQ(rows.seen.size(), 1U);
  EXPECT_TRUE(rows.seen[0].seen.Contains({kA, 1}));
}

TEST_F(AuditPeerTest, ARowIsGivenWholeAndTakenOnlyByTheCopyThatWasJudged) {
  LocalNode wrong(2);
  AuditPeer wrongs(wrong.ring, wrong.turn, wrong.replica);
  peer.OnMend({{2}, {{crdt::StorageKey(key), {0}, AuditCause::kMissingRow, false}}});
  const auto restores = SentOf<AuditRestore>(node.Sync());
  ASSERT_EQ(restores.size(), 1U);
  EXPECT_EQ(restores[0].to, NodeOf(2));
  AuditRestore stale = restores[0].message;
  stale.rows[0].mend.expected = {5};
  wrongs.OnRestore({1}, stale);
  EXPECT_EQ(wrongs.counters().overtaken, 1U);
  EXPECT_TRUE(wrong.Read(key).versions.empty());
  wrongs.OnRestore({1}, restores[0].message);
  EXPECT_EQ(wrong.Read(key), row);
  EXPECT_TRUE(wrong.Seen(key).Contains({kA, 1}));
  EXPECT_EQ(wrongs.counters().repairs[static_cast<std::size_t>(AuditCause::kMissingRow)], 1U);
  EXPECT_EQ(wrongs.TakeLines().size(), 1U);
  wrong.Sync();
  EXPECT_EQ(wrong.replica.trees().RootOf(partition), node.replica.trees().RootOf(partition));
}

}  // namespace
}  // namespace meridian::local
