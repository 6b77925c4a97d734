#include "node/gateway.h"

#include "support/gateway_fixture.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

class GatewayTest : public GatewayFixture {};

TEST_F(GatewayTest, OrdersTheFeedOfEveryNodeOnceASecond) {
  Tick(At(0s));
  EXPECT_EQ(Sent<local::FeedOrder>(last).size(), 3U);
  EXPECT_EQ(gateway->NextDeadline(), At(1s).monotonic);
  Report(At(500ms), 2, {{kPartition, Seen(kA, 1, 5)}});
  Tick(At(1s));
  for (const auto& [to, order] : Sent<local::FeedOrder>(last)) {
    EXPECT_EQ(order.since, to == Node(2) ? 1U : 0U);
  }
}

TEST_F(GatewayTest, RowsOfTheFeedGoToEveryOtherRegionAtOnce) {
  FromNode(At(1s), Node(1), local::FeedRows{{Row(1)}});
  EXPECT_EQ(SentTo<wan::Batch>(kEu).at(0).rows.at(0), Row(1));
  EXPECT_EQ(SentTo<wan::Batch>(kAp).at(0).rows.at(0), Row(1));
}

TEST_F(GatewayTest, RowsStayWithTheRegionsOfTheirPlacement) {
  FromNode(At(1s), Node(1), local::FeedRows{{Written(Key("home", kUsOnly, {3}), {kA, 1})}});
  EXPECT_TRUE(Sent<wan::Batch>(last).empty());
}

TEST_F(GatewayTest, ABatchIsAcknowledgedWhenItsRowsAreHeldByAQuorum) {
  FromGateway(At(1s), Gateway(kEu), wan::Batch{55, 8, {Row(1, kB)}});
  const auto sent = Sent<local::Replicate>(last);
  ASSERT_EQ(sent.size(), 3U);
  FromNode(At(1s), Node(1), local::ReplicateAck{{sent[0].second.id}});
  EXPECT_TRUE(Sent<wan::BatchAck>(last).empty());
  FromNode(At(1s), Node(2), local::ReplicateAck{{sent[0].second.id}});
  const auto acks = Sent<wan::BatchAck>(last);
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_EQ(acks[0].first, Gateway(kEu));
  EXPECT_EQ(acks[0].second.life, 55U);
  EXPECT_EQ(acks[0].second.numbers, std::vector<std::uint64_t>{8});
}

TEST_F(GatewayTest, IsReadyWhenAQuorumOfNodesHasReported) {
  EXPECT_EQ(Ask(At(0s), Operation::kReady).status, Status::kUnavailable);
  Report(At(0s), 1, {});
  FromGateway(At(0s), Gateway(kEu), wan::ExtentAsk{kEu});
  EXPECT_TRUE(Sent<wan::Extent>(last).empty()) << "half a region's word would be wrong";
  Report(At(0s), 2, {});
  EXPECT_EQ(Ask(At(0s), Operation::kReady).status, Status::kOk);
  EXPECT_EQ(Ask(At(0s), Operation::kGet).status, Status::kBadRequest);
}

TEST_F(GatewayTest, TellsWhatItsRegionHoldsByQuorum) {
  Report(At(0s), 1, {{kPartition, Seen(kB, 1, 9)}});
  Report(At(0s), 2, {{kPartition, Seen(kB, 1, 4)}});
  FromGateway(At(0s), Gateway(kEu), wan::ExtentAsk{kEu});
  const auto extents = Sent<wan::Extent>(last);
  ASSERT_EQ(extents.size(), 1U);
  EXPECT_EQ(extents[0].second.origins, std::vector<RegionId>{kEu});
  ASSERT_EQ(extents[0].second.partitions.size(), 1U);
  EXPECT_EQ(extents[0].second.partitions[0].seen, Seen(kB, 1, 4));
}

// From here: what regions ask of each other every tenth beat.
class ExchangeTest : public GatewayFixture {
 protected:
  // Beats until extents are exchanged; the regions named are heard of all along.
  std::map<RegionId, wan::Extent> Exchange(const std::vector<RegionId>& alive) {
    std::map<RegionId, wan::Extent> extents;
    for (int second = 0; second < 10 && extents.empty(); ++second, ++beats) {
      const Moment now = At(std::chrono::seconds(beats));
      for (const RegionId region : alive) FromGateway(now, Gateway(region), beat);
      Tick(now);
      for (auto& [to, extent] : Sent<wan::Extent>(last)) extents[to.region] = extent;
    }
    return extents;
  }
  static std::set<RegionId> Origins(const wan::Extent& extent) {
    return {extent.origins.begin(), extent.origins.end()};
  }

  wan::Beat beat{0, 0, 0, {12345}};
  int beats = 0;
};

TEST_F(ExchangeTest, OneNeighbourIsAskedForThisRegionsOwnRowsToo) {
  AllReport(At(0s), Seen(kA, 1, 5));
  std::set<RegionId> helpers;
  for (int round = 0; round < 2; ++round) {
    int helping = 0;
    for (const auto& [region, extent] : Exchange({kEu, kAp})) {
      EXPECT_TRUE(Origins(extent).contains(region));
      if (Origins(extent) == std::set<RegionId>{region}) continue;
      EXPECT_EQ(Origins(extent), (std::set<RegionId>{region, kUs}));
      helpers.insert(region);
      ++helping;
    }
    EXPECT_EQ(helping, 1);
  }
  EXPECT_EQ(helpers, (std::set<RegionId>{kEu, kAp})) << "they take turns";
}

TEST_F(ExchangeTest, ANeighbourIsAskedForADeadOrigin) {
  AllReport(At(0s), Seen(kA, 1, 5));
  const auto extents = Exchange({kEu});
  ASSERT_EQ(extents.size(), 1U);
  EXPECT_EQ(Origins(extents.at(kEu)), (std::set<RegionId>{kEu, kUs, kAp}));
}

TEST_F(ExchangeTest, RegionsThatHaveSeenTheSameStaySilent) {
  AllReport(At(0s), Seen(kA, 1, 5));
  const local::Ring there(topology, Gateway(kEu));
  RegionView other(there);
  for (const std::uint32_t node : {1U, 2U}) {
    other.OnReport({node}, {1, 0, 1, {1}, {{kPartition, Seen(kA, 1, 5)}}});
  }
  other.Advance();
  beat.digest = {other.SettledDigest(kUs)};
  EXPECT_TRUE(Exchange({kEu, kAp}).empty());
}

// From here: each_quorum.
class HeldAskTest : public GatewayFixture {
 protected:
  void Ask(Moment now, PlacementId placement = kEverywhere) {
    FromNode(now, Node(2), local::HeldAsk{9, {placement, {0}}, {kA, 1}});
  }
  std::size_t Answers() { return Sent<local::HeldEverywhere>(last).size(); }
};

TEST_F(HeldAskTest, IsAnsweredWhenEveryOtherRegionHoldsTheDot) {
  FromNode(At(1s), Node(1), local::FeedRows{{Row(1)}});
  Ask(At(1s));
  EXPECT_EQ(Answers(), 0U);
  FromGateway(At(2s), Gateway(kEu), wan::BatchAck{life, {1}, {}});
  EXPECT_EQ(Answers(), 0U);
  FromGateway(At(3s), Gateway(kAp), wan::BatchAck{life, {1}, {}});
  const auto answers = Sent<local::HeldEverywhere>(last);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].first, Node(2));
  EXPECT_EQ(answers[0].second.id, 9U);
}

TEST_F(HeldAskTest, ARepeatedQuestionIsOneQuestion) {
  FromNode(At(1s), Node(1), local::FeedRows{{Row(1)}});
  Ask(At(1s));
  Ask(At(2s));
  FromGateway(At(3s), Gateway(kEu), wan::BatchAck{life, {1}, {}});
  FromGateway(At(3s), Gateway(kAp), wan::BatchAck{life, {1}, {}});
  EXPECT_EQ(Answers(), 1U);
}

TEST_F(HeldAskTest, OnlyRegionsOfThePlacementAreWaitedFor) {
  Ask(At(1s), kUsOnly);
  EXPECT_EQ(Answers(), 1U);
}

TEST_F(GatewayTest, AReadForEachQuorumGoesToTheRegionsNamed) {
  FromNode(At(1s), Node(2), local::ReadElsewhere{9, Row(1).key, {kEu, kAp}, 700});
  const auto asks = Sent<wan::RowAsk>(last);
  ASSERT_EQ(asks.size(), 2U);
  for (const auto& [to, ask] : asks) {
    EXPECT_EQ(ask.node, NodeId{2});
    EXPECT_EQ(ask.id, 9U);
    EXPECT_EQ(ask.key, Row(1).key);
    EXPECT_EQ(ask.timeout_ms, 700U);
  }
}

TEST_F(GatewayTest, PassesARegionsRowOnToTheNodeThatItNames) {
  Restart(At(1s));  // it need not have asked itself
  FromGateway(At(1s), Gateway(kEu), wan::RowAnswer{{2}, 9, Row(1).row});
  const auto rows = Sent<local::RowElsewhere>(last);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].first, Node(2));
  EXPECT_EQ(rows[0].second.id, 9U);
  EXPECT_EQ(rows[0].second.region, kEu);
  EXPECT_EQ(rows[0].second.row, Row(1).row);
  FromGateway(At(1s), Gateway(kEu), wan::RowAnswer{{77}, 9, Row(1).row});
  EXPECT_TRUE(last.messages.empty()) << "there is no such node";
}

TEST_F(GatewayTest, ReadsARowOfItsRegionForAnother) {
  FromGateway(At(1s), Gateway(kEu), wan::RowAsk{{4}, 9, Row(1).key, 700});
  const auto reads = Sent<local::ReadRow>(last);
  ASSERT_EQ(reads.size(), 3U);
  FromNode(At(1s), reads[0].first, local::RowRead{reads[0].second.id, {}});
  FromNode(At(1s), reads[1].first, local::RowRead{reads[0].second.id, Row(1).row});
  const auto answers = Sent<wan::RowAnswer>(last);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].first, Gateway(kEu));
  EXPECT_EQ(answers[0].second.node, NodeId{4});
  EXPECT_EQ(answers[0].second.id, 9U);
  EXPECT_EQ(answers[0].second.row, Row(1).row);
}

TEST_F(GatewayTest, DamagedMessagesAreCountedAndToldOf) {
  log.lines.clear();
  gateway->Receive(At(1s), {Gateway(kEu), Gateway(kUs), "\x01"});
  gateway->Receive(At(1s), {Node(1), Gateway(kUs), "\x40"});
  ASSERT_EQ(log.lines.size(), 2U);
  EXPECT_NE(log.lines[0].find("eu-west-gw-1"), std::string::npos);
}

}  // namespace
}  // namespace meridian::node
