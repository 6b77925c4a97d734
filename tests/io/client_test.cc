// The client library against real ZeroMQ ports on loopback, with scripted nodes behind them.

#include "client/client.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <thread>

#include "base/hash.h"
#include "client/blocking_client.h"
#include "io/client_port.h"
#include "io/clocks.h"

namespace meridian::client {
namespace {

using namespace std::chrono_literals;
using node::ClientAnswer;
using node::ClientRequest;
using node::Operation;
using node::Status;

const RegionId kRegion{1};
constexpr std::uint16_t kFirstPort = 7841;

local::Topology ThreeNodes() {
  local::Topology topology;
  local::Region region{kRegion, "us-east", {}, {}};
  for (std::uint32_t id = 1; id <= 3; ++id) {
    local::Node node;
    node.id = {id};
    node.name = "us-east-" + std::to_string(id);
    node.rack = std::string(1, static_cast<char>('a' + id));
    node.client = {"127.0.0.1", static_cast<std::uint16_t>(kFirstPort + id)};
    region.nodes.push_back(node);
  }
  topology.regions = {region};
  topology.placements = {{PlacementId{1}, "here", {{kRegion, 3}}}};
  topology.namespaces.push_back({NamespaceId{1}, "default", PlacementId{1}});
  return topology;
}

// A node that keeps values in a map, or does what a test says.
struct ScriptedNode {
  std::map<Bytes, Bytes>* values = nullptr;
  std::optional<Status> refuses;
  bool silent = false;
  int requests = 0;
  std::unique_ptr<io::ClientPort> port;
  std::vector<std::function<void(Bytes)>> unanswered;

  void Serve(const Bytes& body, std::function<void(Bytes)> answered) {
    ++requests;
    if (silent) {
      unanswered.push_back(std::move(answered));
      return;
    }
    ClientAnswer answer;
    const Result<ClientRequest> request = node::DecodeRequest(body);
    if (!request) {
      answer.status = Status::kBadRequest;
    } else if (refuses) {
      answer.status = *refuses;
      answer.message = "because";
    } else if (request->operation == Operation::kPut) {
      (*values)[request->key] = request->value;
    } else if (!values->contains(request->key)) {
      answer.status = Status::kNotFound;
    } else {
      answer.values = {(*values)[request->key]};
    }
    answered(node::EncodeAnswer(answer));
    io::Post(*loop, [this] { port->Flush(); });
  }
  io::asio::io_context* loop = nullptr;
};

class ClientTest : public ::testing::Test {
 protected:
  void StartNode(std::uint32_t id) {
    ScriptedNode& node = nodes_[id];
    node.values = &values_;
    node.loop = &loop_.context();
    auto port = io::ClientPort::Open(
        loop_.context(), context_,
        {.epoch = Epoch{1}, .bind = "tcp://127.0.0.1:" + std::to_string(kFirstPort + id)},
        [&node](Bytes body, std::function<void(Bytes)> answered) {
          node.Serve(body, std::move(answered));
        });
    ASSERT_TRUE(port) << port.error().message;
    node.port = std::move(*port);
  }
  void StartAll() {
    for (std::uint32_t id = 1; id <= 3; ++id) StartNode(id);
  }
  Client& Open() {
    auto client = Client::Open(loop_.context(), topology_, {.region = kRegion});
    EXPECT_TRUE(client);
    client_ = std::move(*client);
    return *client_;
  }
  Callback Keep() {
    return [this](ClientAnswer answer, CallFigures figures) {
      answers_.push_back(std::move(answer));
      attempts_.push_back(figures.attempts);
    };
  }
  // Runs the loop until so many answers are in; false if that takes too long.
  bool Await(std::size_t count) {
    const Instant deadline = io::Now().monotonic + 20s;
    while (answers_.size() < count && io::Now().monotonic < deadline) {
      loop_.context().restart();
      loop_.context().run_one_for(50ms);
    }
    return answers_.size() == count;
  }
  std::uint32_t FirstPrimaryOf(const Bytes& key) const {
    const auto table = local::PartitionTable::Build(topology_, kRegion);
    const Token token = TokenOf(NamespaceId{1}, key);
    const auto partition = PartitionOf(token, topology_.partition_bits);
    return table.ListOf(PlacementId{1}, partition)->nodes[0].value;
  }

  io::EventLoop loop_;
  zmq::context_t context_{1};
  local::Topology topology_ = ThreeNodes();
  std::map<Bytes, Bytes> values_;
  std::map<std::uint32_t, ScriptedNode> nodes_;
  std::unique_ptr<Client> client_;
  std::vector<ClientAnswer> answers_;
  std::vector<std::uint32_t> attempts_;
};

TEST_F(ClientTest, WhatWasPutIsReadFromTheFirstPrimary) {
  StartAll();
  Client& client = Open();
  client.Put("default", "cart", "milk", {}, Keep());
  ASSERT_TRUE(Await(1));
  EXPECT_EQ(answers_[0].status, Status::kOk);
  client.Get("default", "cart", {}, Keep());
  ASSERT_TRUE(Await(2));
  EXPECT_EQ(answers_[1].values, std::vector<Bytes>{"milk"});
  EXPECT_EQ(nodes_[FirstPrimaryOf("cart")].requests, 2);
  EXPECT_EQ(attempts_, (std::vector<std::uint32_t>{1, 1}));
}

TEST_F(ClientTest, ThousandsInFlightAreEachAnsweredOnce) {
  StartAll();
  Client& client = Open();
  for (int i = 0; i < 4096; ++i) {
    client.Put("default", "key" + std::to_string(i), "value" + std::to_string(i), {}, Keep());
  }
  ASSERT_TRUE(Await(4096));
  EXPECT_EQ(client.in_flight(), 0U);
  EXPECT_EQ(values_.size(), 4096U);
  EXPECT_EQ(values_["key17"], "value17");
}

TEST_F(ClientTest, ANodeThatIsDownIsReplacedByTheNextPrimary) {
  const std::uint32_t down = FirstPrimaryOf("cart");
  for (std::uint32_t id = 1; id <= 3; ++id) {
    if (id != down) StartNode(id);
  }
  Client& client = Open();
  client.Put("default", "cart", "milk", {}, Keep());
  ASSERT_TRUE(Await(1));
  EXPECT_EQ(answers_[0].status, Status::kOk);
  EXPECT_EQ(attempts_[0], 2U);
  EXPECT_EQ(client.figures().retries, 1U);
}

TEST_F(ClientTest, ANodeThatIsSilentIsReplacedAfterItsShare) {
  StartAll();
  nodes_[FirstPrimaryOf("cart")].silent = true;
  Client& client = Open();
  const Instant start = io::Now().monotonic;
  client.Put("default", "cart", "milk", {.timeout = 2s}, Keep());
  ASSERT_TRUE(Await(1));
  EXPECT_EQ(answers_[0].status, Status::kOk);
  EXPECT_GE(io::Now().monotonic - start, 400ms);
  EXPECT_EQ(client.figures().timeouts, 1U);
}

TEST_F(ClientTest, ANodeThatDiesWithACallIsReplacedAtOnceAndUsedAgainOnceItIsBack) {
  StartAll();
  const std::uint32_t first = FirstPrimaryOf("cart");
  nodes_[first].silent = true;
  Client& client = Open();
  client.Put("default", "cart", "milk", {.timeout = 60s}, Keep());
  while (nodes_[first].requests == 0) loop_.context().run_one_for(50ms);
  const Instant death = io::Now().monotonic;
  nodes_[first].port.reset();
  ASSERT_TRUE(Await(1));
  EXPECT_EQ(answers_[0].status, Status::kOk);
  EXPECT_LT(io::Now().monotonic - death, 900ms) << "its share would have been a second";
  EXPECT_EQ(client.figures().lost, 1U);
  EXPECT_EQ(client.figures().timeouts, 0U);
  nodes_[first].silent = false;
  StartNode(first);
  std::size_t calls = 1;
  while (nodes_[first].requests == 1 && calls < 500) {
    client.Get("default", "cart", {}, Keep());
    ASSERT_TRUE(Await(++calls));
    loop_.context().run_for(10ms);
  }
  EXPECT_EQ(nodes_[first].requests, 2) << "after " << calls << " calls";
}

TEST_F(ClientTest, ARegionThatIsDownIsUnavailableByTheDeadline) {
  Client& client = Open();
  const Instant start = io::Now().monotonic;
  client.Put("default", "cart", "milk", {.timeout = 1s}, Keep());
  ASSERT_TRUE(Await(1));
  EXPECT_NE(answers_[0].status, Status::kOk);
  EXPECT_FALSE(answers_[0].message.empty());
  EXPECT_LT(io::Now().monotonic - start, 2s);
}

TEST_F(ClientTest, ClosingEndsWhatIsInFlight) {
  StartAll();
  nodes_[FirstPrimaryOf("cart")].silent = true;
  Open().Put("default", "cart", "milk", {}, Keep());
  loop_.context().run_for(100ms);
  client_.reset();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].status, Status::kUnavailable);
  EXPECT_TRUE(answers_[0].maybe);
}

TEST_F(ClientTest, ClosingLeavesNoDoubtAboutWhatWasNeverSent) {
  Client& client = Open();  // nobody is there
  client.Put("default", "cart", "milk", {}, Keep());
  loop_.context().run_for(100ms);
  client.Put("default", "list", "bread", {}, Keep());  // not even taken to be sent
  client_.reset();
  ASSERT_EQ(answers_.size(), 2U);
  for (const ClientAnswer& answer : answers_) {
    EXPECT_EQ(answer.status, Status::kUnavailable);
    EXPECT_FALSE(answer.maybe);
  }
}

TEST_F(ClientTest, TheBlockingClientWaitsForItsAnswer) {
  StartAll();
  std::thread server([this] {
    const auto guard = io::asio::make_work_guard(loop_.context());
    loop_.context().run();
  });
  auto client = BlockingClient::Open(topology_, {.region = kRegion});
  ASSERT_TRUE(client);
  EXPECT_EQ((*client)->Put("default", "cart", "milk").status, Status::kOk);
  EXPECT_EQ((*client)->Get("default", "cart").values, std::vector<Bytes>{"milk"});
  EXPECT_EQ((*client)->Get("default", "absent").status, Status::kNotFound);
  EXPECT_EQ((*client)->Figures().calls, 3U);
  loop_.Stop();
  server.join();
}

}  // namespace
}  // namespace meridian::client
