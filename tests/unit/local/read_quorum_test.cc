#include "local/read_quorum.h"

#include <gtest/gtest.h>

#include "local/row_digest.h"
#include "support/local_node.h"

namespace meridian::local {
namespace {

using Verdict = ReadQuorum::Verdict;

TEST(ReadQuorumTest, IsDecidedAtRWithTheJoinOfAllAnswers) {
  ReadQuorum quorum(2, Policy::kSiblings);
  quorum.Record({1}, Written({}, {kA, 1}, "milk"));
  EXPECT_EQ(quorum.verdict(), Verdict::kPending);
  quorum.Record({2}, Written({}, {kB, 1}, "bread"));
  EXPECT_EQ(quorum.verdict(), Verdict::kAnswered);
  EXPECT_EQ(ValuesOf(quorum.merged()), (std::vector<Bytes>{"bread", "milk"}));
}

TEST(ReadQuorumTest, ThePolicyDecidesWhatIsKept) {
  ReadQuorum quorum(2, Policy::kLww);
  quorum.Record({1}, Written({}, {kA, 2}, "late"));
  quorum.Record({2}, Written({}, {kB, 1}, "early"));
  EXPECT_EQ(ValuesOf(quorum.merged()), std::vector<Bytes>{"late"});
}

TEST(ReadQuorumTest, NothingIsAnAnswerToo) {
  ReadQuorum quorum(2, Policy::kSiblings);
  quorum.Record({1}, {});
  quorum.Record({2}, {});
  EXPECT_EQ(quorum.verdict(), Verdict::kAnswered);
  EXPECT_TRUE(quorum.merged().context.empty());
  EXPECT_TRUE(quorum.Stale().empty());
}

TEST(ReadQuorumTest, RepeatsDoNotCount) {
  ReadQuorum quorum(2, Policy::kSiblings);
  quorum.Record({1}, {});
  quorum.Record({1}, Written({}, {kA, 1}, "milk"));
  EXPECT_EQ(quorum.verdict(), Verdict::kPending);
  EXPECT_EQ(quorum.answers(), 1U);
  EXPECT_TRUE(quorum.HasAnswerOf({1}));
  EXPECT_FALSE(quorum.HasAnswerOf({2}));
}

TEST(ReadQuorumTest, StaleIsWhoLacksSomethingOfTheWhole) {
  const crdt::Row old = Written({}, {kA, 1}, "milk");
  const crdt::Row now = Written(old, {kA, 2}, "bread", old.context);
  ReadQuorum quorum(3, Policy::kSiblings);
  quorum.Record({1}, old);
  quorum.Record({2}, now);
  quorum.Record({3}, {});
  EXPECT_EQ(quorum.merged(), now);
  EXPECT_EQ(quorum.Stale(), (std::vector<NodeId>{{1}, {3}}));
}

TEST(ReadQuorumTest, WhenEachHasHalfAllAreStale) {
  ReadQuorum quorum(2, Policy::kSiblings);
  quorum.Record({1}, Written({}, {kA, 1}, "milk"));
  quorum.Record({2}, Written({}, {kB, 1}, "bread"));
  EXPECT_EQ(quorum.Stale(), (std::vector<NodeId>{{1}, {2}}));
}

TEST(ReadQuorumTest, RegionsAreWaitedForBesideTheReplicas) {
  ReadQuorum quorum(1, Policy::kSiblings, {{2}, {3}});
  quorum.RecordRegion({2}, Written({}, {kA, 1}, "milk"));
  quorum.RecordRegion({2}, Written({}, {kA, 9}, "again"));
  quorum.Record({1}, Written({}, {kB, 1}, "bread"));
  EXPECT_EQ(quorum.verdict(), Verdict::kPending);
  EXPECT_EQ(quorum.missing(), std::vector<RegionId>{{3}});
  quorum.RecordRegion({3}, {});
  EXPECT_EQ(quorum.verdict(), Verdict::kAnswered);
  EXPECT_EQ(ValuesOf(quorum.merged()), (std::vector<Bytes>{"bread", "milk"}));
  EXPECT_EQ(quorum.Stale(), std::vector<NodeId>{{1}}) << "a replica here may lack what is there";
}

TEST(ReadQuorumTest, ADigestAnswersForTheRowThatWasRecordedFirst) {
  const crdt::Row milk = Written({}, {kA, 1}, "milk");
  const crdt::Row bread = Written({}, {kB, 1}, "bread");
  ReadQuorum quorum(3, Policy::kSiblings);
  quorum.Record({1}, milk);
  EXPECT_FALSE(quorum.RecordDigest({2}, DigestOf(bread)));
  EXPECT_FALSE(quorum.HasAnswerOf({2}));
  quorum.Record({2}, bread);
  EXPECT_TRUE(quorum.RecordDigest({2}, 5)) << "it has answered";
  EXPECT_TRUE(quorum.RecordDigest({3}, DigestOf(milk)));
  EXPECT_EQ(quorum.verdict(), Verdict::kAnswered);
  EXPECT_EQ(quorum.Stale(), (std::vector<NodeId>{{1}, {2}, {3}}));
}

TEST(ReadQuorumTest, TwoThatHaveNothingHaveOneDigest) {
  ReadQuorum quorum(2, Policy::kSiblings);
  quorum.Record({1}, {});
  EXPECT_TRUE(quorum.RecordDigest({2}, DigestOf(crdt::Row{})));
  EXPECT_EQ(quorum.verdict(), Verdict::kAnswered);
}

TEST(ReadQuorumTest, TheVerdictIsFinal) {
  ReadQuorum quorum(2, Policy::kSiblings);
  quorum.Record({1}, {});
  quorum.RecordDeadline();
  quorum.Record({2}, {});
  EXPECT_EQ(quorum.verdict(), Verdict::kFailed);
  EXPECT_EQ(quorum.answers(), 2U);
}

}  // namespace
}  // namespace meridian::local
