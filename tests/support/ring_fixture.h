// A RingNode in the hands of a test: node 1 of four in us-east, on a disk in memory.
//
//     Serve(At(1s), {Operation::kPut, "default", mine.key, "value"});     one turn
//     Sent<local::Replicate>(last) ...                                    what left at once
//     MakeDurable(At(1s));                                                what waited leaves, too
//     Answer()                                                            to the client, if there
//     was one
//
// What waits for the disk is kept as the driver does, and released by MakeDurable.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "node/ring_node.h"
#include "support/three_regions.h"

namespace meridian::test {

class NodeFixture : public ::testing::Test {
 protected:
  NodeFixture() { Start(At(0s)); }

  // A new process over what the disk holds. Its incarnation is durable.
  void Start(Moment now, const local::DiskKnown& known = {0, 0, 0, true}) {
    node::RingNodeOptions options;
    options.topology = topology;
    options.self = Node(1);
    options.gauge = &gauge;
    node = std::make_unique<node::RingNode>(std::move(options), disk, signer, log);
    held = {};
    written = {};
    node->Start(now);
    AnswerDiskAsks(now, known);
    MakeDurable(now);
  }

  // As peers of a new ring do, so that the node begins.
  void AnswerDiskAsks(Moment now, const local::DiskKnown& known) {
    End();
    for (const auto& [to, ask] : Sent<local::DiskAsk>(last)) {
      local::DiskKnown answer = known;
      answer.nonce = ask.nonce;
      node->Receive(now, {to, Node(1), local::Pack(answer)});
    }
  }

  void Serve(Moment now, const node::ClientRequest& request) {
    node->Serve(now, {{++last_tag}, node::EncodeRequest(request)});
    End();
  }
  void Receive(Moment now, ProcessId from, const local::RingMessage& message) {
    node->Receive(now, {from, Node(1), local::Pack(message)});
    End();
  }
  void Tick(Moment now) {
    node->Tick(now);
    End();
  }
  // Ends the turn: its writes can be read; `last` is what need not wait.
  void End() {
    last = {};
    Output output = node->TakeOutput();
    disk.Apply(output.writes);
    if (output.writes.id.value != 0) written = output.writes.id;
    for (Outgoing& outgoing : output.messages) {
      (outgoing.after.value == 0 ? last : held).messages.push_back(std::move(outgoing));
    }
    for (meridian::Answer& answer : output.replies) {
      (answer.after.value == 0 ? last : held).replies.push_back(std::move(answer));
    }
  }
  // Everything written so far is durable; `last` is what waited for it and what follows from it.
  void MakeDurable(Moment now) {
    End();
    Output released = std::exchange(held, {});
    node->Durable(now, written);
    End();
    std::ranges::move(last.messages, std::back_inserter(released.messages));
    std::ranges::move(last.replies, std::back_inserter(released.replies));
    last = std::move(released);
  }

  // The answer that left in the last turn.
  std::optional<node::ClientAnswer> Answer() {
    if (last.replies.empty()) return std::nullopt;
    EXPECT_EQ(last.replies.size(), 1U);
    const auto answer = node::DecodeAnswer(last.replies[0].body);
    return answer ? std::optional(*answer) : std::nullopt;
  }

  nlohmann::json StatusPage(Moment now) {
    Serve(now, {node::Operation::kStatus});
    return nlohmann::json::parse(Answer()->values.at(0));
  }

  // A key of a partition that node 1 is, or is not, a primary of.
  crdt::RowKey KeyThat(bool is_mine, PlacementId placement = kEverywhere, NamespaceId space = {1}) {
    const local::Ring ring(topology, Node(1));
    for (int i = 0;; ++i) {
      crdt::RowKey key = Key("key" + std::to_string(i), placement, space);
      if (ring.IsMine(ring.PartitionOfToken(placement, key.token())) == is_mine) return key;
    }
  }

  struct Gauge final : DiskGauge {
    DiskRoom Room() const override { return room; }
    DiskRoom room = DiskRoom::kPlenty;
  };

  local::Topology topology = ThreeRegions();
  Gauge gauge;
  MemoryDisk disk;
  PlainSigner signer;
  MemoryLog log;
  std::unique_ptr<node::RingNode> node;
  Output last;  // what left in the last turn
  Output held;  // what waits for the disk
  BatchId written;
  std::uint64_t last_tag = 0;
};

}  // namespace meridian::test
