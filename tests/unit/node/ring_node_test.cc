#include "node/ring_node.h"

#include "local/log_keys.h"
#include "support/ring_fixture.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

class RingNodeTest : public NodeFixture {
 protected:
  const crdt::RowKey mine = KeyThat(true);
  const crdt::RowKey theirs = KeyThat(false);
};

TEST_F(RingNodeTest, AnAckWaitsUntilTheRowIsDurable) {
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  EXPECT_TRUE(Sent<local::ReplicateAck>(last).empty());
  MakeDurable(At(1s));
  const auto acks = Sent<local::ReplicateAck>(last);
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_EQ(acks[0].first, Node(2));
  EXPECT_EQ(acks[0].second.ids, std::vector<std::uint64_t>{9});
}

TEST_F(RingNodeTest, AnAckOfARowThatIsStillBeingSyncedWaitsToo) {
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  EXPECT_TRUE(Sent<local::ReplicateAck>(last).empty()) << "the repeat wrote nothing itself";
  MakeDurable(At(1s));
  EXPECT_EQ(Sent<local::ReplicateAck>(last).size(), 2U);
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  EXPECT_EQ(Sent<local::ReplicateAck>(last).size(), 1U) << "nothing left to wait for";
}

TEST_F(RingNodeTest, OsNamespacesDoNotWait) {
  const crdt::RowKey fast = KeyThat(true, kEverywhere, {2});
  Receive(At(1s), Node(2), local::Replicate{9, {Written(fast, {kB, 1})}});
  EXPECT_EQ(Sent<local::ReplicateAck>(last).size(), 1U);
}

TEST_F(RingNodeTest, ARowThatIsNotHeldHereIsNotAcknowledged) {
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1}), Written(theirs, {kB, 2})}});
  MakeDurable(At(1s));
  EXPECT_TRUE(Sent<local::ReplicateAck>(last).empty());
}

TEST_F(RingNodeTest, RepairWantsNoAck) {
  Receive(At(1s), Node(2), local::Replicate{0, {Written(mine, {kB, 1})}});
  MakeDurable(At(1s));
  EXPECT_TRUE(Sent<local::ReplicateAck>(last).empty());
}

TEST_F(RingNodeTest, AReadThatShowsAFreshRowWaitsForIt) {
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1}, "milk")}});
  Receive(At(1s), Node(3), local::ReadRow{4, mine});
  EXPECT_TRUE(Sent<local::RowRead>(last).empty());
  MakeDurable(At(1s));
  const auto reads = Sent<local::RowRead>(last);
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].second.row.versions.at(0).value, "milk");
  Receive(At(1s), Node(3), local::ReadRow{5, mine});
  EXPECT_EQ(Sent<local::RowRead>(last).size(), 1U);
  Receive(At(1s), Node(3), local::ReadRow{6, theirs});
  EXPECT_TRUE(Sent<local::RowRead>(last).empty()) << "not having a row is no answer about it";
  ASSERT_EQ(Sent<local::HintRead>(last).size(), 1U);
  EXPECT_TRUE(Sent<local::HintRead>(last)[0].second.row.context.empty());
}

TEST_F(RingNodeTest, AHintIsAcknowledgedOnceItIsDurableAndServedFromThenOn) {
  Receive(At(1s), Node(2), local::KeepHint{9, 2, {Written(theirs, {kB, 1}, "milk")}});
  EXPECT_TRUE(Sent<local::ReplicateAck>(last).empty());
  Receive(At(1s), Node(3), local::ReadRow{4, theirs});
  EXPECT_TRUE(Sent<local::HintRead>(last).empty());
  MakeDurable(At(1s));
  EXPECT_EQ(Sent<local::ReplicateAck>(last).at(0).second.ids, std::vector<std::uint64_t>{9});
  EXPECT_EQ(Sent<local::HintRead>(last).at(0).second.row.versions.at(0).value, "milk");
  EXPECT_EQ(node->hint_count(), 1U);
  EXPECT_EQ(StatusPage(At(3s))["hints"]["rows"], 1);
}

TEST_F(RingNodeTest, AHintOfARowThatIsOursIsAppliedInstead) {
  Receive(At(1s), Node(2), local::KeepHint{9, 2, {Written(mine, {kB, 1}, "milk")}});
  MakeDurable(At(1s));
  EXPECT_EQ(Sent<local::ReplicateAck>(last).size(), 1U);
  EXPECT_EQ(node->hint_count(), 0U);
  EXPECT_EQ(disk.Count(Column::kData), 1U);
}

TEST_F(RingNodeTest, ReportsAndLogRowsLeaveWhenWhatTheyClaimIsDurable) {
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  Receive(At(1s), Gateway(kUs), local::FeedOrder{});
  Receive(At(1s), Gateway(kUs),
          local::LogRead{
              3,
              {{local::Ring(topology, Node(1)).PartitionOfToken(mine.placement, mine.token()),
                Seen(kB, 1, 1)}}});
  EXPECT_TRUE(Sent<local::SeenReport>(last).empty());
  EXPECT_TRUE(Sent<local::LogRows>(last).empty());
  MakeDurable(At(1s));
  ASSERT_EQ(Sent<local::SeenReport>(last).size(), 1U);
  EXPECT_EQ(Sent<local::SeenReport>(last)[0].second.partitions.size(), 1U);
  EXPECT_EQ(Sent<local::LogRows>(last).at(0).second.rows.size(), 1U);
}

TEST_F(RingNodeTest, AnIdleNodeReportsOnceAlsoAfterARestart) {
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  MakeDurable(At(1s));
  for (const bool restarted : {false, true}) {
    if (restarted) Start(At(10s));
    Receive(At(11s), Gateway(kUs), local::FeedOrder{});
    const auto first = Sent<local::SeenReport>(last);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].second.partitions.size(), 1U);
    Receive(At(12s), Gateway(kUs), local::FeedOrder{first[0].second.life, first[0].second.number});
    EXPECT_TRUE(Sent<local::SeenReport>(last).at(0).second.partitions.empty());
  }
}

TEST_F(RingNodeTest, WhatItMintsGoesToItsGatewayOnceDurable) {
  Receive(At(1s), Gateway(kUs), local::FeedOrder{});
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value", {}, Level::kOne});
  EXPECT_TRUE(Sent<local::FeedRows>(last).empty());
  MakeDurable(At(1s));
  const auto fed = Sent<local::FeedRows>(last);
  ASSERT_EQ(fed.size(), 1U);
  EXPECT_EQ(fed[0].first, Gateway(kUs));
  EXPECT_EQ(fed[0].second.rows.at(0).key, mine);
}

TEST_F(RingNodeTest, ARestartKeepsRowsAndMintsAsAnotherActor) {
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value", {}, Level::kOne});
  MakeDurable(At(1s));
  const Actor before = node->replica().actor();
  Start(At(2s));
  EXPECT_GT(node->replica().actor(), before);
  Serve(At(3s), {Operation::kGet, "default", mine.key, {}, {}, Level::kOne});
  EXPECT_EQ(Answer()->values, std::vector<Bytes>{"value"});
}

TEST_F(RingNodeTest, IsReadyOnceItsIncarnationIsDurable) {
  RingNodeOptions options;
  options.topology = topology;
  options.self = Node(2);
  MemoryDisk empty;
  RingNode starting(std::move(options), empty, signer, log);
  starting.Start(At(0s));
  Output output;
  const auto status = [&](Operation operation) {
    starting.Serve(At(0s), {{1}, EncodeRequest({operation, "default", mine.key, "v"})});
    output = starting.TakeOutput();
    return DecodeAnswer(output.replies.at(0).body)->status;
  };
  EXPECT_EQ(status(Operation::kReady), Status::kUnavailable)
      << "its peers have not judged its disk";
  for (const Outgoing& sent : output.messages) {
    const auto message = local::UnpackRingMessage(sent.message.body);
    const auto* ask = std::get_if<local::DiskAsk>(&*message);
    if (ask == nullptr) continue;
    const local::DiskKnown new_ring{ask->nonce, 0, 0, true};
    starting.Receive(At(0s), {sent.message.to, Node(2), local::Pack(new_ring)});
  }
  EXPECT_EQ(status(Operation::kPut), Status::kUnavailable) << "the incarnation is being synced";
  starting.Durable(At(0s), output.writes.id);
  EXPECT_EQ(status(Operation::kReady), Status::kOk);
}

TEST_F(RingNodeTest, ADamagedMessageIsCountedAndToldOf) {
  log.lines.clear();
  node->Receive(At(1s), {Node(2), Node(1), "\x7f nonsense"});
  End();
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_NE(log.lines[0].find("us-east-2"), std::string::npos);
}

// As a driver ticks: as often as it is asked to.
TEST_F(RingNodeTest, ASilentPeerIsDownInItsViewAndItsLog) {
  const auto run_until = [&](Duration until) {
    while (node->NextDeadline() <= At(until).monotonic) {
      const Moment due = At(node->NextDeadline() - At(0s).monotonic);
      Tick(due);
      for (const NodeId peer : {NodeId{3}, NodeId{4}}) {
        Receive(due, Node(peer.value), local::Ping{1});
      }
    }
  };
  run_until(40s);
  EXPECT_EQ(node->liveness().StateOf({2}), local::PeerState::kDown);
  EXPECT_EQ(node->liveness().StateOf({3}), local::PeerState::kAlive);
  EXPECT_EQ(StatusPage(At(40s))["peers"]["us-east-2"]["state"], "down");
  EXPECT_TRUE(std::ranges::any_of(log.lines, [](const std::string& line) {
    return line.find("us-east-2 is down") != std::string::npos;
  }));
}

TEST_F(RingNodeTest, AFullDiskTakesNoRowsAndSaysSo) {
  gauge.room = DiskRoom::kNone;
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  MakeDurable(At(1s));
  EXPECT_TRUE(Sent<local::ReplicateAck>(last).empty());
  EXPECT_EQ(disk.Count(Column::kData), 0U);
  EXPECT_EQ(StatusPage(At(1s))["disk_room"], "none");
  Tick(At(2s));
  const auto gossip = Sent<local::LiveGossip>(last);
  ASSERT_FALSE(gossip.empty());
  EXPECT_EQ(gossip[0].second.entries.at(0).room, DiskRoom::kNone);
  gauge.room = DiskRoom::kLow;
  Receive(At(3s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  MakeDurable(At(3s));
  EXPECT_EQ(Sent<local::ReplicateAck>(last).size(), 1U) << "copies of others' writes go on";
}

TEST_F(RingNodeTest, APeersRoomIsKnown) {
  Receive(At(1s), Node(2),
          local::LiveGossip{false, {{{2}, 1 << 20, 7, 1, 0, {}, false, DiskRoom::kLow}}});
  EXPECT_FALSE(node->liveness().HasRoom({2}));
  EXPECT_TRUE(node->liveness().HasRoom({3}));
  EXPECT_EQ(StatusPage(At(1s))["peers"]["us-east-2"]["disk_room"], "low");
}

TEST_F(RingNodeTest, SaysGoodbyeBeforeItEnds) {
  node->Leave(At(1s));
  End();
  const auto goodbyes = Sent<local::LiveGossip>(last);
  ASSERT_EQ(goodbyes.size(), 3U);
  EXPECT_EQ(goodbyes[0].second.entries.at(0).state, local::PeerState::kLeft);
}

TEST_F(RingNodeTest, WritesACheckpointWhenItIsDue) {
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  const auto partition =
      local::Ring(topology, Node(1)).PartitionOfToken(mine.placement, mine.token());
  const auto checkpoint = [&] {
    return *disk.Get(Column::kMeta, local::SeenCheckpointKey(partition));
  };
  EXPECT_FALSE(checkpoint());
  EXPECT_LE(node->NextDeadline(), At(10s).monotonic);
  for (int second = 1; second <= 16; ++second) Tick(At(1s * second));
  EXPECT_TRUE(checkpoint());
  EXPECT_GT(disk.Count(Column::kTree), 0U) << "the trees' snapshot goes with it";
}

// The node on an empty disk, which its peers know to have held more.
class LostDiskTest : public RingNodeTest {
 protected:
  LostDiskTest() {
    disk = {};
    Start(At(1s), {0, 7, 41, false});
  }
};

TEST_F(LostDiskTest, IsNotReadFromAndCoordinatesNothing) {
  Receive(At(1s), Node(2), local::ReadRow{4, mine});
  EXPECT_TRUE(Sent<local::RowRead>(last).empty());
  EXPECT_EQ(Sent<local::ReadRefused>(last).size(), 1U);
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value"});
  EXPECT_TRUE(Sent<local::Replicate>(last).empty());
  EXPECT_EQ(Sent<local::Forward>(last).size(), 1U);
}

TEST_F(LostDiskTest, TakesWritesAndAcknowledgesThem) {
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  MakeDurable(At(1s));
  EXPECT_EQ(Sent<local::ReplicateAck>(last).size(), 1U);
}

TEST_F(LostDiskTest, CountsForNoGateway) {
  Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {kB, 1})}});
  MakeDurable(At(1s));
  Receive(At(1s), Gateway(kUs), local::FeedOrder{});
  ASSERT_EQ(Sent<local::SeenReport>(last).size(), 1U);
  EXPECT_TRUE(Sent<local::SeenReport>(last)[0].second.partitions.empty());
}

TEST_F(LostDiskTest, IsFilledByItsPeersAndThenServes) {
  EXPECT_TRUE(StatusPage(At(1s))["filling"].is_object());
  for (int round = 0; round < 1000 && !StatusPage(At(1s))["filling"].is_null(); ++round) {
    Tick(At(1s));
    for (bool asked = true; asked;) {
      const auto asks = Sent<local::FillAsk>(last);
      asked = !asks.empty();
      Output next;
      for (const auto& [to, ask] : asks) {
        Receive(At(1s), to, local::FillRows{ask.id, {}, {}, false, true});
        std::ranges::move(last.messages, std::back_inserter(next.messages));
      }
      last = std::move(next);
    }
  }
  EXPECT_TRUE(StatusPage(At(1s))["filling"].is_null());
  Receive(At(2s), Node(2), local::ReadRow{4, mine});
  EXPECT_EQ(Sent<local::RowRead>(last).size(), 1U);
}

TEST_F(LostDiskTest, GoesOnFillingAfterARestart) {
  Start(At(2s), {0, 0, 0, true});
  Receive(At(2s), Node(2), local::ReadRow{4, mine});
  EXPECT_EQ(Sent<local::ReadRefused>(last).size(), 1U);
}

TEST_F(RingNodeTest, ADiskThatTurnsOutLateToBeOldBeginsAnotherLife) {
  const Actor before = node->replica().actor();
  node::RingNodeOptions options;
  options.topology = topology;
  options.self = Node(1);
  node = std::make_unique<RingNode>(std::move(options), disk, signer, log);
  held = {};
  written = {};
  node->Start(At(1s));
  End();
  const auto asks = Sent<local::DiskAsk>(last);
  ASSERT_EQ(asks.size(), 3U);
  Tick(At(3s));  // nobody answers: it begins
  MakeDurable(At(3s));
  const Actor begun = node->replica().actor();
  EXPECT_GT(begun, before);
  Receive(At(4s), Node(2),
          local::DiskKnown{asks[0].second.nonce, before.incarnation(), 900, false});
  MakeDurable(At(4s));
  EXPECT_GT(node->replica().actor(), begun);
  EXPECT_TRUE(StatusPage(At(4s))["filling"].is_object());
}

}  // namespace
}  // namespace meridian::node
