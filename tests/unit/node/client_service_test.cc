#include "node/client_service.h"

#include <gtest/gtest.h>

#include <set>

#include "support/ring_fixture.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

// A node of four and its services, as RingNode wires them; the others are played by the test.
class ClientServiceTest : public NodeFixture {
 protected:
  // A key that this node is a primary of, and one that it is not.
  const crdt::RowKey mine = KeyThat(true);
  const crdt::RowKey theirs = KeyThat(false);

  std::uint64_t Life() const { return node->replica().actor().packed; }

  Status StatusOf(const std::optional<ClientAnswer>& answer) {
    EXPECT_TRUE(answer);
    return answer ? answer->status : Status::kOk;
  }
};

TEST_F(ClientServiceTest, WhatCannotBeReadIsABadRequest) {
  node->Serve(At(1s), {{1}, "\x07nonsense"});
  End();
  EXPECT_EQ(StatusOf(Answer()), Status::kBadRequest);
}

TEST_F(ClientServiceTest, ObjectionsAreAnsweredAtOnce) {
  Serve(At(1s), {Operation::kGet, "nothing", mine.key});
  EXPECT_EQ(StatusOf(Answer()), Status::kBadRequest);
}

TEST_F(ClientServiceTest, AContextThatNoRegionHasGivenOutIsRefused) {
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value", "invented"});
  const auto answer = Answer();
  EXPECT_EQ(StatusOf(answer), Status::kBadRequest);
  EXPECT_NE(answer->message.find("context"), std::string::npos);
}

TEST_F(ClientServiceTest, ANearlyFullDiskTakesDeletesButNoNewValues) {
  gauge.room = DiskRoom::kLow;
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value"});
  const auto refusal = Answer();
  EXPECT_EQ(StatusOf(refusal), Status::kUnavailable);
  EXPECT_NE(refusal->message.find("the disk of us-east-1"), std::string::npos);
  EXPECT_FALSE(refusal->maybe);
  EXPECT_TRUE(Sent<local::Replicate>(last).empty());
  Serve(At(1s), {Operation::kDelete, "default", mine.key});
  EXPECT_FALSE(Sent<local::Replicate>(last).empty());
}

TEST_F(ClientServiceTest, AFullDiskStillReads) {
  gauge.room = DiskRoom::kNone;
  Serve(At(1s), {Operation::kDelete, "default", mine.key});
  EXPECT_EQ(StatusOf(Answer()), Status::kUnavailable);
  Serve(At(1s), {Operation::kGet, "default", mine.key});
  EXPECT_FALSE(Sent<local::ReadRow>(last).empty());
  gauge.room = DiskRoom::kPlenty;
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value"});
  EXPECT_FALSE(Sent<local::Replicate>(last).empty()) << "there is room again";
}

TEST_F(ClientServiceTest, APutIsAnsweredWhenWReplicasHoldItDurably) {
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value"});
  const auto sent = Sent<local::Replicate>(last);
  ASSERT_EQ(sent.size(), 2U) << "the other primaries";
  EXPECT_FALSE(Answer());
  Receive(At(1s), sent[0].first, local::ReplicateAck{{sent[0].second.id}});
  EXPECT_FALSE(Answer()) << "the copy here is not durable yet";
  MakeDurable(At(1s));
  const auto answer = Answer();
  EXPECT_EQ(StatusOf(answer), Status::kOk);
  EXPECT_FALSE(answer->context.empty());
}

TEST_F(ClientServiceTest, AGetShowsSiblingsOnceAndAnEmptyRowIsNotFound) {
  Serve(At(1s), {Operation::kGet, "default", mine.key, {}, {}, Level::kOne});
  EXPECT_EQ(StatusOf(Answer()), Status::kNotFound);
  for (const auto& [sequence, value] : {std::pair(1U, "milk"), {2U, "bread"}, {3U, "milk"}}) {
    const Actor actor = Actor::Of(kEu, {sequence}, 1);
    Receive(At(1s), Node(2), local::Replicate{9, {Written(mine, {actor, 1}, value)}});
  }
  MakeDurable(At(1s));
  Serve(At(1s), {Operation::kGet, "default", mine.key, {}, {}, Level::kOne});
  const auto answer = Answer();
  EXPECT_EQ(StatusOf(answer), Status::kSiblings);
  EXPECT_EQ(answer->values, (std::vector<Bytes>{"milk", "bread"}));
}

TEST_F(ClientServiceTest, AKeyWhoseValuesWouldNotFitAMessageIsAConflict) {
  const auto put = [&](Bytes context) {
    Serve(At(1s), {Operation::kPut, "default", mine.key, Bytes(1 << 20, 'v'), std::move(context),
                   Level::kOne});
    if (auto refusal = Answer()) return refusal;
    MakeDurable(At(1s));
    return Answer();
  };
  int stored = 0;
  auto answer = put({});
  for (; answer->status == Status::kOk && stored < 20; ++stored) answer = put({});
  EXPECT_EQ(StatusOf(answer), Status::kConflict);
  EXPECT_EQ(stored, 6) << "a message between regions carries eight MiB";
  EXPECT_FALSE(answer->maybe);

  Serve(At(2s), {Operation::kGet, "default", mine.key, {}, {}, Level::kOne});
  EXPECT_EQ(StatusOf(put(Answer()->context)), Status::kOk) << "it replaces them";
}

TEST_F(ClientServiceTest, AWriteThatMissesItsQuorumMaySurfaceLater) {
  Serve(At(1s), {Operation::kPut, "default", mine.key, "v", {}, Level::kLocalQuorum, 0, 1000});
  MakeDurable(At(1s));
  Tick(At(2100ms));
  const auto answer = Answer();
  EXPECT_EQ(StatusOf(answer), Status::kTimeout);
  EXPECT_TRUE(answer->maybe);
}

TEST_F(ClientServiceTest, WhoIsNoPrimaryForwardsToOne) {
  Serve(At(1s), {Operation::kPut, "default", theirs.key, "value"});
  const auto sent = Sent<local::Forward>(last);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(DecodeRequest(sent[0].second.request)->key, theirs.key);
  EXPECT_FALSE(Answer());

  ClientAnswer done;
  done.context = "token";
  Receive(At(1s), sent[0].first, local::Forwarded{sent[0].second.id, EncodeAnswer(done)});
  EXPECT_EQ(Answer()->context, "token");
  Receive(At(1s), sent[0].first, local::Forwarded{sent[0].second.id, EncodeAnswer(done)});
  EXPECT_FALSE(Answer()) << "once";
}

TEST_F(ClientServiceTest, ASilentPrimaryIsFollowedByTheNextUntilTheDeadline) {
  Serve(At(1s),
        {Operation::kGet, "default", theirs.key, {}, {}, Level::kLocalQuorum, 0, 3000, false});
  std::set<std::uint32_t> asked{Sent<local::Forward>(last).at(0).first.number};
  for (const Duration at : {2020ms, 3040ms}) {
    Tick(At(at));
    ASSERT_EQ(Sent<local::Forward>(last).size(), 1U);
    asked.insert(Sent<local::Forward>(last)[0].first.number);
  }
  EXPECT_EQ(asked.size(), 3U);
  Tick(At(4020ms));
  EXPECT_TRUE(Sent<local::Forward>(last).empty());
  const auto answer = Answer();
  EXPECT_EQ(StatusOf(answer), Status::kTimeout);
  EXPECT_FALSE(answer->maybe) << "a get leaves nothing behind";
  EXPECT_EQ(StatusPage(At(9s))["requests_waiting"], 0);
}

TEST_F(ClientServiceTest, WhenEveryPrimaryIsSilentAFallbackStandsIn) {
  Serve(At(1s), {Operation::kPut, "default", theirs.key, "v", {}, Level::kLocalQuorum, 0, 4000});
  for (const Duration at : {2020ms, 3040ms}) Tick(At(at));
  EXPECT_EQ(Sent<local::Forward>(last).size(), 1U);
  Tick(At(4060ms));
  EXPECT_TRUE(Sent<local::Forward>(last).empty());
  MakeDurable(At(4070ms));  // its term as a stand-in
  const auto sent = Sent<local::Replicate>(last);
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(node->hint_count(), 1U);
  MakeDurable(At(4080ms));
  EXPECT_FALSE(Answer()) << "one copy, its own";
  Receive(At(4100ms), sent[0].first, local::ReplicateAck{{sent[0].second.id}});
  EXPECT_EQ(StatusOf(Answer()), Status::kOk);
}

TEST_F(ClientServiceTest, WhatIsForwardedToAFallbackIsServedByIt) {
  const Bytes request = EncodeRequest({Operation::kGet, "default", theirs.key});
  Receive(At(1s), Node(2), local::Forward{5, request, Life()});
  EXPECT_TRUE(Sent<local::Forward>(last).empty());
  EXPECT_EQ(Sent<local::ReadRow>(last).size(), 2U) << "it asks the primaries, being none";
}

TEST_F(ClientServiceTest, APrimaryThatCannotServeItIsFollowedByTheNextAtOnce) {
  Serve(At(1s), {Operation::kPut, "default", theirs.key, "value", {}, Level::kOne});
  const auto first = Sent<local::Forward>(last).at(0);
  ClientAnswer filling;
  filling.status = Status::kUnavailable;
  Receive(At(1s), first.first, local::Forwarded{first.second.id, EncodeAnswer(filling)});
  const auto second = Sent<local::Forward>(last);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_NE(second[0].first, first.first);
  ClientAnswer failed;
  failed.status = Status::kTimeout;
  Receive(At(1s), second[0].first, local::Forwarded{second[0].second.id, EncodeAnswer(failed)});
  ASSERT_TRUE(Answer());
  EXPECT_FALSE(Answer()->maybe) << "the first has done nothing";
}

TEST_F(ClientServiceTest, ADeleteWithoutContextIsForwardedOnce) {
  Serve(At(1s), {Operation::kDelete, "default", theirs.key, {}, {}, Level::kLocalQuorum, 0, 3000});
  EXPECT_EQ(Sent<local::Forward>(last).size(), 1U);
  Tick(At(2020ms));
  EXPECT_TRUE(Sent<local::Forward>(last).empty());
  Tick(At(4020ms));
  EXPECT_TRUE(Answer()->maybe);
}

TEST_F(ClientServiceTest, WhatWasForwardedIsServedOrRefusedButNeverForwardedOn) {
  ClientRequest strict{Operation::kGet, "default", theirs.key};
  strict.sloppy = false;
  const Bytes request = EncodeRequest(strict);
  Receive(At(1s), Node(2), local::Forward{5, request, Life()});
  EXPECT_TRUE(Sent<local::Forward>(last).empty());
  const auto refused = Sent<local::Forwarded>(last);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].first, Node(2));
  EXPECT_EQ(DecodeAnswer(refused[0].second.answer)->status, Status::kUnavailable);

  Receive(
      At(1s), Node(2),
      local::Forward{6, EncodeRequest({Operation::kGet, "default", mine.key, {}, {}, Level::kOne}),
                     Life()});
  const auto served = Sent<local::Forwarded>(last);
  ASSERT_EQ(served.size(), 1U);
  EXPECT_EQ(served[0].second.id, 6U);
  EXPECT_EQ(DecodeAnswer(served[0].second.answer)->status, Status::kNotFound);
}

TEST_F(ClientServiceTest, ARepeatedForwardIsServedOnce) {
  const local::Forward forward{6, EncodeRequest({Operation::kPut, "default", mine.key, "v"}),
                               Life()};
  Receive(At(1s), Node(2), forward);
  EXPECT_EQ(Sent<local::Replicate>(last).size(), 2U);
  Receive(At(1s), Node(2), forward);
  EXPECT_TRUE(Sent<local::Replicate>(last).empty());
}

TEST_F(ClientServiceTest, AForwardToAnotherLifeIsRefusedWithTheOwn) {
  const Bytes request = EncodeRequest({Operation::kPut, "default", mine.key, "v"});
  for (const std::uint64_t life : {std::uint64_t{0}, Life() - 1}) {
    Receive(At(1s), Node(2), local::Forward{6, request, life});
    EXPECT_TRUE(Sent<local::Replicate>(last).empty());
    const auto refused = Sent<local::ForwardRefused>(last);
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].second.addressed, life);
    EXPECT_EQ(refused[0].second.life, Life());
  }
  Receive(At(1s), Node(2), local::Forward{6, request, Life()});
  EXPECT_EQ(Sent<local::Replicate>(last).size(), 2U) << "what was refused was not met";
}

TEST_F(ClientServiceTest, ARefusedForwardIsSentToTheLifeThatRefusedIt) {
  Serve(At(1s), {Operation::kPut, "default", theirs.key, "value"});
  const auto first = Sent<local::Forward>(last).at(0);
  EXPECT_EQ(first.second.life, 0U) << "nobody said yet";
  Receive(At(1s), first.first, local::ForwardRefused{first.second.id, 0, 77});
  const auto second = Sent<local::Forward>(last).at(0);
  EXPECT_EQ(second.first, first.first);
  EXPECT_EQ(second.second.id, first.second.id);
  EXPECT_EQ(second.second.life, 77U);
  Receive(At(1s), first.first, local::ForwardRefused{first.second.id, 0, 77});
  EXPECT_TRUE(Sent<local::Forward>(last).empty()) << "a refusal of the first try, late";

  Serve(At(1s), {Operation::kPut, "default", theirs.key, "value"});
  EXPECT_EQ(Sent<local::Forward>(last).at(0).second.life, 77U) << "now it is known";
}

TEST_F(ClientServiceTest, APutThatAnEarlierLifeMayHaveDoneIsMaybeWhenTheNextOneCannot) {
  Receive(At(1s), Node(2), local::SeenProbe{{}, 77});
  Receive(At(1s), Node(3), local::SeenProbe{{}, 77});
  Receive(At(1s), Node(4), local::SeenProbe{{}, 77});
  Serve(At(1s), {Operation::kPut, "default", theirs.key, "value"});
  const auto sent = Sent<local::Forward>(last).at(0);
  EXPECT_EQ(sent.second.life, 77U);
  Receive(At(1s), sent.first, local::ForwardRefused{sent.second.id, 77, 78});
  ClientAnswer failed;
  failed.status = Status::kConflict;
  Receive(At(1s), sent.first, local::Forwarded{sent.second.id, EncodeAnswer(failed)});
  EXPECT_TRUE(Answer()->maybe);
}

TEST_F(ClientServiceTest, ADeleteWithoutContextIsNotRepeatedToTheNextLife) {
  const node::ClientRequest erase{Operation::kDelete, "default", theirs.key};
  Serve(At(1s), erase);
  const auto first = Sent<local::Forward>(last).at(0);
  Receive(At(1s), first.first, local::ForwardRefused{first.second.id, 0, 77});
  ASSERT_EQ(Sent<local::Forward>(last).size(), 1U) << "it was done by nobody";
  Receive(At(1s), first.first, local::ForwardRefused{first.second.id, 77, 78});
  EXPECT_TRUE(Sent<local::Forward>(last).empty());
  const auto answer = Answer();
  EXPECT_EQ(StatusOf(answer), Status::kUnavailable);
  EXPECT_TRUE(answer->maybe);
}

class EachQuorumTest : public ClientServiceTest {
 protected:
  // A put that this region's quorum holds; returns the id of the question to the gateways.
  std::uint64_t PutAndAskGateway(const std::string& space = "default",
                                 const crdt::RowKey* key = {}) {
    Serve(At(1s),
          {Operation::kPut, space, (key ? *key : mine).key, "v", {}, Level::kEachQuorum, 0, 3000});
    const auto sent = Sent<local::Replicate>(last);
    MakeDurable(At(1s));
    EXPECT_FALSE(Answer());
    Receive(At(1s), sent.at(0).first, local::ReplicateAck{{sent[0].second.id}});
    const auto asks = Sent<local::HeldAsk>(last);
    if (asks.empty()) return 0;
    EXPECT_EQ(asks[0].first, Gateway(kUs));
    EXPECT_EQ(asks[0].second.dot.actor.node(), NodeId{1});
    return asks[0].second.id;
  }
};

TEST_F(EachQuorumTest, WaitsForTheOtherRegions) {
  const std::uint64_t id = PutAndAskGateway();
  ASSERT_NE(id, 0U);
  EXPECT_FALSE(Answer());
  Receive(At(1200ms), Gateway(kUs), local::HeldEverywhere{id});
  EXPECT_EQ(StatusOf(Answer()), Status::kOk);
}

TEST_F(EachQuorumTest, SaysMaybeWhenTheyAreTooSlow) {
  const std::uint64_t id = PutAndAskGateway();
  Tick(At(4020ms));
  const auto answer = Answer();
  EXPECT_EQ(StatusOf(answer), Status::kTimeout);
  EXPECT_TRUE(answer->maybe);
  Receive(At(5s), Gateway(kUs), local::HeldEverywhere{id});
  EXPECT_FALSE(Answer());
}

TEST_F(EachQuorumTest, AsksAgainBecauseAGatewayMayHaveBeenKilled) {
  const std::uint64_t id = PutAndAskGateway();
  Tick(At(2020ms));
  const auto again = Sent<local::HeldAsk>(last);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].second.id, id);
}

TEST_F(EachQuorumTest, IsAnsweredEvenWhenTheRegionIsDoneInTheTurnOfTheDeadline) {
  Serve(At(1s), {Operation::kPut, "default", mine.key, "v", {}, Level::kEachQuorum, 0, 1000});
  const auto sent = Sent<local::Replicate>(last);
  MakeDurable(At(1s));
  // One turn: the ack that completes the quorum, then the timers.
  node->Receive(At(2100ms),
                {sent.at(0).first, Node(1), local::Pack(local::ReplicateAck{{sent[0].second.id}})});
  Tick(At(2100ms));
  Tick(At(2200ms));
  EXPECT_EQ(StatusOf(Answer()), Status::kTimeout);
  EXPECT_EQ(StatusPage(At(9s))["requests_waiting"], 0);
}

TEST_F(EachQuorumTest, AGetThatMissesARegionNamesIt) {
  Serve(At(1s), {Operation::kGet, "default", mine.key, {}, {}, Level::kEachQuorum, 0, 1000});
  const auto reads = Sent<local::ReadRow>(last);
  const auto ask = Sent<local::ReadElsewhere>(last).at(0).second;
  Receive(At(1s), reads.at(0).first, local::RowRead{reads[0].second.id, {}});
  Receive(At(1s), Gateway(kUs), local::RowElsewhere{ask.id, kEu, {}});
  Tick(At(2100ms));
  const auto answer = Answer();
  EXPECT_EQ(StatusOf(answer), Status::kTimeout);
  EXPECT_NE(answer->message.find("ap-south"), std::string::npos) << answer->message;
  EXPECT_EQ(answer->message.find("eu-west"), std::string::npos) << answer->message;
  EXPECT_FALSE(answer->maybe);
}

TEST_F(EachQuorumTest, APlacementOfOneRegionNeedsNoOther) {
  const crdt::RowKey here = KeyThat(true, kUsOnly, {3});
  EXPECT_EQ(PutAndAskGateway("here", &here), 0U);
  EXPECT_EQ(StatusOf(Answer()), Status::kOk);
}

TEST_F(ClientServiceTest, WhenAllHaveRefusedAndThisNodeHasNoRoomNobodyHasDoneAnything) {
  gauge.room = DiskRoom::kLow;
  Serve(At(1s), {Operation::kPut, "default", theirs.key, "value"});
  ClientAnswer no_room;
  no_room.status = Status::kUnavailable;
  for (int primary = 0; primary < 3; ++primary) {
    const auto sent = Sent<local::Forward>(last);
    ASSERT_EQ(sent.size(), 1U) << primary;
    Receive(At(1s), sent[0].first, local::Forwarded{sent[0].second.id, EncodeAnswer(no_room)});
  }
  EXPECT_EQ(StatusOf(Answer()), Status::kUnavailable);
  EXPECT_FALSE(Answer()->maybe);
}

TEST_F(ClientServiceTest, AForwardedRequestOfANamespaceThatIsTakenAwayIsRefused) {
  Serve(At(1s),
        {Operation::kPut, "default", theirs.key, "value", {}, Level::kLocalQuorum, 0, 3000});
  ASSERT_EQ(Sent<local::Forward>(last).size(), 1U);
  const local::View first = local::FirstView(node->ring().topology(), "");
  local::Layout next = first.layout;
  next.topology.epoch = {first.layout.epoch().value + 1};
  next.topology.namespaces.clear();
  Receive(At(1s), Node(2), local::ViewTold{*local::ViewForLayout(first, kUs, next)});
  Tick(At(2s));  // it is the next one's turn
  EXPECT_EQ(StatusOf(Answer()), Status::kBadRequest);
  EXPECT_TRUE(Answer()->maybe) << "the primary may have written it before";
}

}  // namespace
}  // namespace meridian::node
