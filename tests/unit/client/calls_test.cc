#include "client/calls.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace meridian::client {
namespace {

using namespace std::chrono_literals;
using node::ClientAnswer;
using node::Operation;
using node::Status;

const RegionId kRegion{1};
const Instant kStart{1000s};

local::Topology ThreeNodes() {
  local::Topology topology;
  local::Region region{kRegion, "us-east", {}, {}};
  for (std::uint32_t id = 1; id <= 3; ++id) {
    local::Node node;
    node.id = {id};
    node.name = "us-east-" + std::to_string(id);
    node.rack = std::string(1, static_cast<char>('a' + id));
    region.nodes.push_back(node);
  }
  topology.regions = {region, {RegionId{2}, "eu-west", {}, {}}};
  topology.placements = {{PlacementId{1}, "here", {{kRegion, 3}}},
                         {PlacementId{2}, "there", {{RegionId{2}, 3}}}};
  topology.namespaces.push_back({NamespaceId{1}, "default", PlacementId{1}});
  topology.namespaces.push_back({NamespaceId{2}, "far", PlacementId{2}});
  return topology;
}

class CallsTest : public ::testing::Test {
 protected:
  void Start(const Bytes& key, Operation operation = Operation::kGet, Duration timeout = 5s) {
    node::ClientRequest request;
    request.operation = operation;
    request.key = key;
    StartRequest(request, timeout);
  }
  void StartRequest(const node::ClientRequest& request, Duration timeout = 5s) {
    calls_.Start(now_, request, timeout, [this](const ClientAnswer& answer, CallFigures figures) {
      answers_.push_back(answer);
      attempts_.push_back(figures.attempts);
    });
  }
  // What left, and what ended, since the last time.
  std::vector<Calls::Send> Turn() {
    for (Calls::Finished& done : calls_.TakeFinished()) done.callback(done.answer, done.figures);
    return calls_.TakeSends();
  }
  Calls::Send OneSend() {
    const auto sends = Turn();
    EXPECT_EQ(sends.size(), 1U);
    return sends.empty() ? Calls::Send{} : sends[0];
  }
  // Lets the next thing that is due happen.
  void Pass() {
    now_ = calls_.NextDeadline();
    calls_.Tick(now_);
  }
  void Answer(const Calls::Send& send, Status status, bool maybe = false) {
    ClientAnswer answer;
    answer.status = status;
    answer.maybe = maybe;
    if (status != Status::kOk) answer.message = "because";
    calls_.Receive(now_, send.to, send.id, node::EncodeAnswer(answer));
  }
  std::vector<NodeId> ListOf(const Bytes& key) const {
    const auto table = local::PartitionTable::Build(topology_, kRegion);
    const Token token = TokenOf(NamespaceId{1}, key);
    return table.ListOf(PlacementId{1}, PartitionOf(token, topology_.partition_bits))->nodes;
  }

  local::Topology topology_ = ThreeNodes();
  Calls calls_{topology_, kRegion, 4, Random(1)};
  Instant now_ = kStart;
  std::vector<ClientAnswer> answers_;
  std::vector<std::uint32_t> attempts_;
};

TEST_F(CallsTest, WhatIsTooLargeIsNotSent) {
  node::ClientRequest request;
  request.operation = Operation::kPut;
  request.key = "key";
  request.value = Bytes((1 << 20) + 1, 'v');
  StartRequest(request);
  request.value = "v";
  request.key = Bytes(1025, 'k');
  StartRequest(request);
  request.key = "key";
  request.context = Bytes(100'000, 'c');
  StartRequest(request);
  EXPECT_TRUE(Turn().empty());
  ASSERT_EQ(answers_.size(), 3U);
  EXPECT_EQ(answers_[0].status, Status::kTooLarge);
  EXPECT_NE(answers_[0].message.find("1048577 bytes; at most 1048576"), Bytes::npos);
  EXPECT_EQ(answers_[1].status, Status::kTooLarge);
  EXPECT_EQ(answers_[2].status, Status::kBadRequest);
  EXPECT_FALSE(answers_[0].maybe);
}

TEST_F(CallsTest, ACallGoesToTheFirstPrimaryOfItsKey) {
  for (const Bytes key : {"a", "b", "c", "d"}) {
    Start(key);
    EXPECT_EQ(OneSend().to, ListOf(key)[0]) << key;
  }
}

TEST_F(CallsTest, AnAnswerEndsTheCallAtOnce) {
  Start("a");
  Answer(OneSend(), Status::kOk);
  Turn();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(attempts_[0], 1U);
  EXPECT_EQ(calls_.in_flight(), 0U);
  EXPECT_EQ(calls_.NextDeadline(), kNever);
}

TEST_F(CallsTest, WithoutAnAnswerTheNextPrimariesAreTriedUntilTheDeadline) {
  Start("a", Operation::kPut);
  std::vector<NodeId> tried{OneSend().to};
  while (answers_.empty()) {
    Pass();
    for (const Calls::Send& send : Turn()) tried.push_back(send.to);
  }
  EXPECT_EQ(tried, ListOf("a"));
  EXPECT_EQ(now_, kStart + 5s);
  EXPECT_EQ(answers_[0].status, Status::kTimeout);
  EXPECT_TRUE(answers_[0].maybe);
  EXPECT_EQ(calls_.figures().retries, 2U);
  EXPECT_EQ(calls_.figures().timeouts, 3U);
  EXPECT_EQ(calls_.figures().maybes, 1U);
}

TEST_F(CallsTest, AReadThatFailsIsNeverMaybe) {
  Start("a", Operation::kGet);
  Turn();
  while (answers_.empty()) {
    Pass();
    Turn();
  }
  EXPECT_FALSE(answers_[0].maybe);
}

TEST_F(CallsTest, ARefusalIsRetriedElsewhereAtOnceAndOnceAllRefusedAfterAPause) {
  Start("a");
  for (const NodeId node : ListOf("a")) {
    const auto send = OneSend();
    EXPECT_EQ(send.to, node);
    Answer(send, Status::kUnavailable);
  }
  EXPECT_TRUE(Turn().empty());
  Pass();
  EXPECT_GT(now_, kStart);
  EXPECT_LT(now_, kStart + 50ms);
  Answer(OneSend(), Status::kOk);
  Turn();
  EXPECT_EQ(attempts_, std::vector<std::uint32_t>{4});
}

TEST_F(CallsTest, AnOverloadedNodeIsNotFollowedByAnotherAtOnce) {
  Start("a");
  Answer(OneSend(), Status::kOverloaded);
  EXPECT_TRUE(Turn().empty());
  Pass();
  EXPECT_GT(now_, kStart);
  const auto second = OneSend();
  EXPECT_EQ(second.to, ListOf("a")[1]);
  Answer(second, Status::kOk);
  Turn();
  EXPECT_EQ(attempts_, std::vector<std::uint32_t>{2});
}

TEST_F(CallsTest, AStrictCallEndsWhenAllHaveRefusedIt) {
  node::ClientRequest request;
  request.key = "a";
  request.sloppy = false;
  StartRequest(request);
  for (int i = 0; i < 3; ++i) Answer(OneSend(), Status::kUnavailable);
  Turn();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].status, Status::kUnavailable);
  EXPECT_EQ(now_, kStart);
}

// What was at the node may have been done; what is asked later does not go there for a while.
TEST_F(CallsTest, CallsAtALostNodeGoToTheNextPrimaryAtOnce) {
  Start("a", Operation::kPut, 100ms);
  const NodeId lost = OneSend().to;
  calls_.Lost(now_, lost);
  const auto second = OneSend();
  EXPECT_EQ(second.to, ListOf("a")[1]);
  Start("a");
  EXPECT_EQ(OneSend().to, ListOf("a")[1]);
  EXPECT_EQ(calls_.figures().lost, 1U);
  while (answers_.empty()) {
    Pass();
    Turn();
  }
  EXPECT_TRUE(answers_[0].maybe);
}

TEST_F(CallsTest, ANodeThatIsLostAfterItAnsweredChangesNothing) {
  Start("a");
  const auto send = OneSend();
  Answer(send, Status::kOk);
  calls_.Lost(now_, send.to);
  EXPECT_TRUE(Turn().empty());
  EXPECT_EQ(answers_.size(), 1U);
}

TEST_F(CallsTest, ARegionThatRefusesUntilTheDeadlineIsToldInItsOwnWords) {
  Start("a", Operation::kPut, 200ms);
  while (answers_.empty()) {
    for (auto sends = Turn(); !sends.empty(); sends = Turn()) {
      for (const Calls::Send& send : sends) Answer(send, Status::kUnavailable);
    }
    if (answers_.empty() && calls_.in_flight() > 0) Pass();
  }
  EXPECT_EQ(answers_[0].status, Status::kUnavailable);
  EXPECT_EQ(answers_[0].message, "because");
  EXPECT_FALSE(answers_[0].maybe);
  EXPECT_LE(now_, kStart + 200ms);
}

TEST_F(CallsTest, ABadRequestIsNotRetried) {
  Start("a");
  Answer(OneSend(), Status::kBadRequest);
  EXPECT_TRUE(Turn().empty());
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].status, Status::kBadRequest);
}

TEST_F(CallsTest, ALateSuccessOfAnEarlierAttemptCounts) {
  Start("a", Operation::kPut);
  const auto first = OneSend();
  Pass();
  OneSend();
  Answer(first, Status::kOk);
  Turn();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].status, Status::kOk);
  EXPECT_FALSE(answers_[0].maybe);
}

TEST_F(CallsTest, ALateFailureOfAnEarlierAttemptDoesNot) {
  Start("a");
  const auto first = OneSend();
  Pass();
  const auto second = OneSend();
  Answer(first, Status::kBadRequest);
  Turn();
  EXPECT_TRUE(answers_.empty());
  Answer(second, Status::kOk);
  Turn();
  EXPECT_EQ(answers_.size(), 1U);
}

TEST_F(CallsTest, ASilentNodeIsAvoidedForASecondThenProvesItselfWithOneCall) {
  Start("a", Operation::kGet, 10s);
  const NodeId silent = OneSend().to;
  Pass();
  Answer(OneSend(), Status::kOk);
  Start("a", Operation::kGet, 10s);
  Answer(OneSend(), Status::kOk);
  EXPECT_NE(ListOf("a")[0], ListOf("a")[1]);

  Start("a");
  EXPECT_EQ(OneSend().to, ListOf("a")[1]);
  now_ += 1s;
  Start("a");
  const auto probe = OneSend();
  EXPECT_EQ(probe.to, silent);
  Start("a");
  EXPECT_EQ(OneSend().to, ListOf("a")[1]);
  Answer(probe, Status::kOk);
  Start("a");
  EXPECT_EQ(OneSend().to, silent);
}

TEST_F(CallsTest, WhatCannotBeSentIsTriedElsewhereAndLeavesNoDoubt) {
  Start("a", Operation::kPut, 100ms);
  while (answers_.empty()) {
    for (auto sends = Turn(); !sends.empty(); sends = Turn()) {
      for (const Calls::Send& send : sends) calls_.Undeliverable(now_, send.to, send.id);
    }
    if (answers_.empty() && calls_.in_flight() > 0) Pass();
  }
  EXPECT_EQ(answers_[0].status, Status::kUnavailable);
  EXPECT_FALSE(answers_[0].maybe);
  EXPECT_GT(attempts_[0], 2U);
}

TEST_F(CallsTest, MoreThanTheLimitInFlightIsRefusedAtOnce) {
  for (int i = 0; i < 5; ++i) Start("a");
  EXPECT_EQ(Turn().size(), 4U);
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].status, Status::kOverloaded);
  EXPECT_EQ(calls_.figures().refused, 1U);
}

TEST_F(CallsTest, ANamespaceThatIsUnknownOrHeldElsewhereIsABadRequest) {
  node::ClientRequest request;
  request.key = "key";
  request.space = "nowhere";
  StartRequest(request);
  request.space = "far";
  StartRequest(request);
  EXPECT_TRUE(Turn().empty());
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_NE(answers_[0].message.find("nowhere"), std::string::npos);
  EXPECT_NE(answers_[1].message.find("does not hold"), std::string::npos);
}

TEST_F(CallsTest, TheNodeIsGivenLessTimeThanTheAttempt) {
  Start("a");
  const auto request = node::DecodeRequest(OneSend().body);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->timeout_ms, 900U);
}

TEST_F(CallsTest, RubbishFromANodeIsIgnored) {
  Start("a");
  const auto send = OneSend();
  calls_.Receive(now_, send.to, send.id, "rubbish");
  calls_.Receive(now_, send.to, send.id + 7, "");
  Turn();
  EXPECT_TRUE(answers_.empty());
  EXPECT_EQ(calls_.in_flight(), 1U);
}

TEST_F(CallsTest, AnotherRingSendsCallsInFlightElsewhereToo) {
  Start("milk");
  const Calls::Send first = OneSend();
  local::Topology next = ThreeNodes();
  std::erase_if(next.regions[0].nodes,
                [&](const local::Node& node) { return node.id == first.to; });
  local::Node fourth;
  fourth.id = {4};
  fourth.name = "us-east-4";
  fourth.rack = "e";
  next.regions[0].nodes.push_back(fourth);
  const local::PartitionTable before = local::PartitionTable::Build(ThreeNodes(), kRegion);
  calls_.Follow(next, local::PartitionTable::Build(next, kRegion, &before));
  ClientAnswer refusal;
  refusal.status = Status::kUnavailable;
  calls_.Receive(now_, first.to, first.id, node::EncodeAnswer(refusal));
  EXPECT_TRUE(calls_.TakeDoubt()) << "there may be another ring again";
  EXPECT_FALSE(calls_.TakeDoubt());
  EXPECT_NE(OneSend().to, first.to);
  for (int i = 0; i < 20; ++i) {
    Start("key" + std::to_string(i));
    const Calls::Send send = OneSend();
    EXPECT_NE(send.to, first.to) << "it is not of the ring any more";
    calls_.Receive(now_, send.to, send.id, node::EncodeAnswer({}));
  }
}

TEST_F(CallsTest, ADeleteWithoutContextIsNotRepeatedAfterSilence) {
  Start("key", Operation::kDelete);
  const auto first = OneSend();
  EXPECT_EQ(first.until, kStart + 5s) << "it has all the time";
  Pass();
  EXPECT_TRUE(Turn().empty());
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].status, Status::kTimeout);
  EXPECT_TRUE(answers_[0].maybe);
}

TEST_F(CallsTest, ADeleteWithoutContextIsRepeatedOnlyIfTheFirstHasDoneNothing) {
  Start("key", Operation::kDelete);
  Answer(OneSend(), Status::kUnavailable);
  const auto second = OneSend();
  calls_.Lost(now_, second.to);
  EXPECT_TRUE(Turn().empty()) << "the second may have been done";
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_TRUE(answers_[0].maybe);

  node::ClientRequest covers;
  covers.operation = Operation::kDelete;
  covers.key = "key";
  covers.context = "what was read";
  StartRequest(covers);
  calls_.Lost(now_, OneSend().to);
  EXPECT_EQ(Turn().size(), 1U) << "it deletes no more than was read";
}

}  // namespace
}  // namespace meridian::client
