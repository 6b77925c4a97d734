#include "node/remote_region.h"

#include "support/gateway_fixture.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

// Through the machine that owns it: what is shipped to eu-west, and what is not.
class RemoteRegionTest : public GatewayFixture {
 protected:
  using GatewayFixture::GatewayFixture;

  // Answers a LogRead with the rows of these sequences.
  void AnswerRead(Moment now, std::uint64_t id, std::uint64_t first, std::uint64_t last_one,
                  Actor actor = kA) {
    local::LogRows rows{id, {}, 0, false};
    for (std::uint64_t sequence = first; sequence <= last_one; ++sequence) {
      rows.rows.push_back(Row(sequence, actor));
    }
    FromNode(now, Node(1), rows);
  }
  std::size_t Reads() { return Sent<local::LogRead>(last).size(); }
};

TEST_F(RemoteRegionTest, NothingIsReadFromLogsBeforeTheRegionHasToldWhatItHolds) {
  AllReport(At(0s), Seen(kA, 1, 100));
  Tick(At(0s));
  EXPECT_EQ(Reads(), 0U);
  EXPECT_EQ(SentTo<wan::ExtentAsk>(kEu).at(0).origin, kUs);
  Tick(At(1s));
  EXPECT_EQ(SentTo<wan::ExtentAsk>(kEu).size(), 1U) << "it asks until it is told";
}

TEST_F(RemoteRegionTest, ARestartGoesOnFromWhatTheRegionHolds) {
  AllReport(At(0s), Seen(kA, 1, 100));
  Extent(At(0s), kEu, Seen(kA, 1, 100));
  EXPECT_EQ(Reads(), 0U) << "nothing is missing: nothing is shipped again";
  Restart(At(10s));
  AllReport(At(10s), Seen(kA, 1, 100));
  Extent(At(10s), kEu, Seen(kA, 1, 98));
  const auto reads = Sent<local::LogRead>(last);
  ASSERT_EQ(reads.size(), 1U);
  ASSERT_EQ(reads[0].second.wanted.size(), 1U);
  EXPECT_EQ(reads[0].second.wanted[0].seen, Seen(kA, 99, 100));
}

TEST_F(RemoteRegionTest, MissingDotsAreReadFromALogAndShipped) {
  AllReport(At(0s), Seen(kA, 1, 5));
  Extent(At(0s), kEu, Seen(kA, 1, 3));
  const std::uint64_t id = Sent<local::LogRead>(last).at(0).second.id;
  AnswerRead(At(1s), id + 1, 4, 5);
  EXPECT_TRUE(Sent<wan::Batch>(last).empty()) << "an answer to another question";
  AnswerRead(At(1s), id, 4, 5);
  const auto batches = SentTo<wan::Batch>(kEu);
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].rows.size(), 2U);
  EXPECT_TRUE(SentTo<wan::Batch>(kAp).empty());
  EXPECT_EQ(Reads(), 0U) << "what is on its way is not missing";
}

TEST_F(RemoteRegionTest, ASilentNodeIsFollowedByAnother) {
  AllReport(At(0s), Seen(kA, 1, 5));
  Extent(At(0s), kEu, {});
  const ProcessId first = Sent<local::LogRead>(last).at(0).first;
  EXPECT_LE(gateway->NextDeadline(), At(2s).monotonic);
  Tick(At(2s));
  const auto again = Sent<local::LogRead>(last);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_NE(again[0].first, first);
}

TEST_F(RemoteRegionTest, ADeadNodeIsNotAskedAgainAndAgain) {
  AllReport(At(0s), Seen(kA, 1, 50));
  Extent(At(0s), kEu, {});
  const ProcessId dead = Sent<local::LogRead>(last).at(0).first;
  Tick(At(2s));
  std::set<ProcessId> asked;
  for (std::uint64_t sequence = 1; sequence <= 12; ++sequence) {
    const auto reads = Sent<local::LogRead>(last);
    ASSERT_EQ(reads.size(), 1U);
    asked.insert(reads[0].first);
    AnswerRead(At(2s), reads[0].second.id, sequence, sequence);
  }
  EXPECT_EQ(asked.size(), 2U);
  EXPECT_FALSE(asked.contains(dead));
}

// Of partition 0 only a dead node has the rows; those of partition 1 are on the others, too.
TEST_F(RemoteRegionTest, APartitionThatNobodyCanReadDoesNotKeepTheOthersWaiting) {
  const local::PartitionKey other{kEverywhere, {1}};
  Report(At(0s), 1, {{kPartition, Seen(kA, 1, 5)}, {other, Seen(kA, 1, 5)}});
  for (std::uint32_t node = 2; node <= 3; ++node) Report(At(0s), node, {{other, Seen(kA, 1, 5)}});
  Extent(At(0s), kEu, {});
  std::set<std::uint32_t> asked_for_other;
  for (int second = 0; second <= 60; ++second) {
    for (const auto& [to, read] : Sent<local::LogRead>(last)) {
      for (const auto& wanted : read.wanted) {
        if (wanted.key == other) asked_for_other.insert(to.number);
      }
    }
    Tick(At(std::chrono::seconds(second)));
  }
  EXPECT_GE(asked_for_other.size(), 2U);
}

TEST_F(RemoteRegionTest, WhatDoesNotFitIsNotReadWithoutEnd) {
  AllReport(At(0s), Seen(kA, 1, 5));
  Extent(At(0s), kEu, Seen(kA, 2, 5));
  const std::uint64_t id = Sent<local::LogRead>(last).at(0).second.id;
  const auto large = [&](std::uint64_t sequence, std::size_t bytes) {
    return Written(KeyIn(ring, 0, static_cast<int>(sequence)), {kA, sequence}, Bytes(bytes, 'v'));
  };
  // Two fill the window, the third waits.
  FromNode(At(0s), Node(1),
           local::FeedRows{{large(6, 2'500'000), large(7, 2'500'000), large(8, 2'500'000)}});
  FromNode(At(0s), Node(1), local::LogRows{id, {large(1, 6'000'000)}, 0, false});
  EXPECT_EQ(Reads(), 0U);
}

TEST_F(RemoteRegionTest, OrphansAreNotAskedForWithoutEnd) {
  AllReport(At(0s), Seen(kA, 1, 5));
  Extent(At(0s), kEu, {});
  const std::uint64_t id = Sent<local::LogRead>(last).at(0).second.id;
  FromNode(At(100ms), Node(1), local::LogRows{id, {}, 5, false});
  EXPECT_EQ(Reads(), 0U);
  EXPECT_EQ(StatusPage(At(100ms))["orphaned_log_rows"], 5);
}

TEST_F(RemoteRegionTest, OnlyOwnMutationsAreShippedUnlessAsked) {
  AllReport(At(0s), Seen(kB, 1, 5));
  Extent(At(0s), kAp, {}, {kUs});
  EXPECT_EQ(Reads(), 0U) << "eu-west ships them itself";
  Extent(At(1s), kAp, Seen(kB, 1, 2), {kUs, kEu});
  const auto reads = Sent<local::LogRead>(last);
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].second.wanted.at(0).seen, Seen(kB, 3, 5));
}

TEST_F(RemoteRegionTest, ARegionThatLostItsOwnRowsGetsThemBack) {
  AllReport(At(0s), Seen(kB, 1, 5));
  Extent(At(0s), kEu, Seen(kB, 1, 4), {kUs, kEu});
  const auto reads = Sent<local::LogRead>(last);
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].second.wanted.at(0).seen, Seen(kB, 5, 5));
  AnswerRead(At(1s), reads[0].second.id, 5, 5, kB);
  EXPECT_EQ(SentTo<wan::Batch>(kEu).at(0).rows.at(0), Row(5, kB));
}

TEST_F(RemoteRegionTest, WhatTheRegionNoLongerHoldsIsShippedAgain) {
  AllReport(At(0s), Seen(kA, 1, 5));
  Extent(At(0s), kEu, Seen(kA, 1, 5));
  Extent(At(1s), kEu, Seen(kA, 1, 2));
  EXPECT_EQ(Sent<local::LogRead>(last).at(0).second.wanted.at(0).seen, Seen(kA, 3, 5));
}

TEST_F(RemoteRegionTest, ASilentBatchIsSentAgainAndALateAckEndsIt) {
  FromNode(At(1s), Node(1), local::FeedRows{{Row(1)}});
  const wan::Batch first = SentTo<wan::Batch>(kEu).at(0);
  FromGateway(At(1100ms), Gateway(kAp), wan::BatchAck{life, {1}, {}});
  Tick(At(2500ms));
  const auto again = SentTo<wan::Batch>(kEu);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].number, first.number);
  EXPECT_TRUE(SentTo<wan::Batch>(kAp).empty());
  FromGateway(At(2600ms), Gateway(kEu), wan::BatchAck{life, {1}, {}});
  Tick(At(5s));
  EXPECT_TRUE(SentTo<wan::Batch>(kEu).empty());
}

TEST_F(RemoteRegionTest, BeatsSayHowFarBehindTheRegionIs) {
  AllReport(At(0s), Seen(kA, 1, 5));
  Extent(At(0s), kEu, Seen(kA, 1, 5));
  Tick(At(1s));
  EXPECT_EQ(SentTo<wan::Beat>(kEu).at(0).oldest_ms, 0U) << "it holds everything";
  EXPECT_EQ(SentTo<wan::Beat>(kEu).at(0).mutations, 0U);
  EXPECT_NE(SentTo<wan::Beat>(kAp).at(0).oldest_ms, 0U) << "nothing is known of it";
  EXPECT_EQ(SentTo<wan::Beat>(kAp).at(0).mutations, 5U);

  crdt::RowUpdate late = Row(6);
  late.row.versions[0].stamp = crdt::Stamp::Of(At(500ms).wall);
  FromNode(At(2s), Node(1), local::FeedRows{{late}});
  Tick(At(2s));
  const wan::Beat behind = SentTo<wan::Beat>(kEu).at(0);
  EXPECT_EQ(behind.oldest_ms,
            static_cast<std::uint64_t>(Milliseconds(At(500ms).wall.time_since_epoch())));
  EXPECT_GT(behind.bytes, 0U);
}

// The only node that had them lost its disk.
TEST_F(RemoteRegionTest, MutationsThatAreGoneAreNotBehindForEver) {
  AllReport(At(0s), Seen(kA, 1, 5));
  Extent(At(0s), kEu, Seen(kA, 1, 4));
  Tick(At(1s));
  EXPECT_NE(SentTo<wan::Beat>(kEu).at(0).oldest_ms, 0U);
  AllReport(At(2s), Seen(kA, 1, 4));
  for (int second = 2; second <= 8; ++second) Tick(At(std::chrono::seconds(second)));
  EXPECT_EQ(SentTo<wan::Beat>(kEu).at(0).oldest_ms, 0U);
}

// us-east and the others have two gateways each.
class TwoGatewaysTest : public RemoteRegionTest {
 protected:
  TwoGatewaysTest() : RemoteRegionTest(2) {}

  void Share(Moment now, std::vector<std::uint32_t> gateways) {
    for (std::uint32_t node = 1; node <= 3; ++node) {
      Report(now, node, {{kPartition, Seen(kA, 1, 5)}, {{kEverywhere, {1}}, Seen(kA, 1, 5)}},
             gateways);
    }
  }
};

TEST_F(TwoGatewaysTest, EachReadsForItsShareAndAsksAnewWhenItGrows) {
  Share(At(0s), {1, 2});
  Tick(At(0s));
  Extent(At(0s), kEu, {});
  const auto reads = Sent<local::LogRead>(last);
  ASSERT_EQ(reads.size(), 1U);
  ASSERT_EQ(reads[0].second.wanted.size(), 1U) << "partition 1 is the other's";
  EXPECT_EQ(reads[0].second.wanted[0].key, kPartition);
  Tick(At(1s));
  EXPECT_TRUE(SentTo<wan::ExtentAsk>(kEu).empty());

  Share(At(2s), {1});
  Tick(At(2s));
  EXPECT_EQ(SentTo<wan::ExtentAsk>(kEu).size(), 1U) << "the other has shipped since";
  Extent(At(5s), kEu, Seen(kA, 1, 5));
  EXPECT_EQ(Sent<local::LogRead>(last).at(0).second.wanted.at(0).key.partition, PartitionId{1});
}

TEST_F(TwoGatewaysTest, TheOthersShareIsNotCountedAsBehind) {
  Share(At(0s), {1, 2});
  Tick(At(0s));
  Extent(At(0s), kEu, Seen(kA, 1, 5));
  Tick(At(1s));
  EXPECT_EQ(SentTo<wan::Beat>(kEu).at(0).mutations, 0U);
  EXPECT_EQ(SentTo<wan::Beat>(kEu).at(0).oldest_ms, 0U);
  EXPECT_EQ(SentTo<wan::Beat>(kEu).size(), 2U) << "to both gateways there";
  EXPECT_EQ(SentTo<wan::Beat>(kEu).at(0).share, 0U);
  EXPECT_EQ(SentTo<wan::Beat>(kEu).at(0).shares, 2U);
}

TEST_F(TwoGatewaysTest, WhoAsksIsAnswered) {
  Share(At(0s), {1, 2});
  for (int i = 0; i < 3; ++i) {
    FromGateway(At(1s), Gateway(kEu, 1), wan::Beat{});
    FromGateway(At(1s), Gateway(kEu, 2), wan::ExtentAsk{kEu});
    const auto extents = Sent<wan::Extent>(last);
    ASSERT_EQ(extents.size(), 1U);
    EXPECT_EQ(extents[0].first, Gateway(kEu, 2));
  }
}

TEST_F(TwoGatewaysTest, AnExchangeReachesAllForEachHasItsShare) {
  Share(At(0s), {1, 2});
  std::map<RegionId, std::set<std::uint32_t>> reached;
  for (int second = 0; second < 10; ++second) {
    const Moment now = At(std::chrono::seconds(second));
    for (const RegionId region : {kEu, kAp}) {
      FromGateway(now, Gateway(region), wan::Beat{0, 0, 0, {5}});
    }
    Tick(now);
    for (const auto& [to, extent] : Sent<wan::Extent>(last)) reached[to.region].insert(to.number);
  }
  EXPECT_EQ(reached[kEu], (std::set<std::uint32_t>{1, 2}));
  EXPECT_EQ(reached[kAp], (std::set<std::uint32_t>{1, 2}));
}

TEST_F(TwoGatewaysTest, OneOfARegionsGatewaysExchangesForAll) {
  Share(At(0s), {0, 1});  // another comes first
  for (int second = 0; second < 20; ++second) {
    const Moment now = At(std::chrono::seconds(second));
    FromGateway(now, Gateway(kEu), wan::Beat{0, 0, 0, {5}});
    Tick(now);
    EXPECT_TRUE(Sent<wan::Extent>(last).empty());
  }
}

}  // namespace
}  // namespace meridian::node
