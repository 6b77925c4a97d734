// The successions of a region's nodes, and the messages between them, without anything else.
//
//     SuccessionRing ring(3);                         nodes 1 to 3 of SmallTopology(3)
//     ring.Order(1, Operation::kApply, file, 2);      an operator at node 1
//     ring.Run();                                     until nothing is under way
//     ring.Pass(1s);
//     ring.answers[1]                                 what the operator was told
//
// What a node writes is durable at the end of its turn.

#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "node/succession.h"
#include "node/topology_writer.h"
#include "support/local_node.h"
#include "support/memory_disk.h"

namespace meridian::test {

class NoLog final : public Log {
 public:
  void Write(Severity, std::string) override {}
};

struct SuccessionRing {
  struct Member {
    MemoryDisk disk;
    std::unique_ptr<local::Ring> ring;
    std::unique_ptr<Turn> turn;
    std::unique_ptr<node::Succession> succession;
    bool up = false;
  };

  explicit SuccessionRing(std::uint32_t nodes) : file(WithNodes(nodes, 1)) {
    for (std::uint32_t number = 1; number <= nodes; ++number) Start(number, file);
  }

  // The topology with so many nodes, as epoch `epoch`.
  static local::Topology WithNodes(std::uint32_t nodes, std::uint64_t epoch) {
    local::Topology topology = local::SmallTopology(nodes);
    topology.epoch = {epoch};
    topology.partition_bits = 4;  // the least that a file may say
    topology.namespaces.front().name = "default";
    for (local::Region& region : topology.regions)
      region.gateways = {{1, region.name + "-gw", {}, {}, {}}};
    return topology;
  }

  void Start(std::uint32_t number, const local::Topology& with) {
    Member& member = members[number];
    member.succession.reset();
    const ProcessId self = local::NodeOf(number);
    member.ring =
        std::make_unique<local::Ring>(node::Succession::RingAtStart(with, self, member.disk));
    member.turn = std::make_unique<Turn>(self, member.disk);
    member.succession = std::make_unique<node::Succession>(*member.ring, *member.turn, log,
                                                           node::SuccessionOptions{});
    member.up = true;
    member.succession->Start(now);
    Settle(number);
  }
  void Order(std::uint32_t at, node::Operation operation, const local::Topology& next,
             std::uint64_t version) {
    node::ClientRequest request;
    request.operation = operation;
    request.key = std::to_string(version);
    request.value = node::WriteTopology(next);
    answers.erase(at);
    node::Succession& succession = *members.at(at).succession;
    if (operation == node::Operation::kApply) {
      succession.Apply(now, {at}, request);
    } else {
      succession.TakeBack(now, {at}, request);
    }
    Settle(at);
  }
  void Settle(std::uint32_t number) {
    Member& member = members.at(number);
    for (;;) {
      Output output = member.turn->Take();
      member.disk.Apply(output.writes);
      for (Outgoing& outgoing : output.messages) letters.push_back(std::move(outgoing.message));
      for (const Answer& answer : output.replies) {
        answers[static_cast<std::uint32_t>(answer.tag.value)] = *node::DecodeAnswer(answer.body);
      }
      if (output.writes.id.value == 0) return;
      member.turn->MarkDurable(output.writes.id);
      member.succession->OnDurable(now, output.writes.id);
    }
  }
  void Deliver(const Message& letter) {
    if (letter.to.role != Role::kNode || letter.to.region.value != 1) return;
    const auto found = members.find(letter.to.number);
    if (found == members.end() || !found->second.up) return;
    node::Succession& to = *found->second.succession;
    auto message = *local::UnpackRingMessage(letter.body);
    if (auto* call = std::get_if<local::DecreeCall>(&message)) {
      to.OnCall(now, {letter.from.number}, *call);
    } else if (auto* notice = std::get_if<local::ViewNotice>(&message)) {
      to.OnNotice(now, letter.from, *notice);
    } else if (auto* ask = std::get_if<local::ViewAsk>(&message)) {
      to.OnAsk(now, letter.from, *ask);
    } else if (auto* told = std::get_if<local::ViewTold>(&message)) {
      to.OnTold(now, *told);
    } else if (auto* layout = std::get_if<local::LayoutTold>(&message)) {
      to.OnLayout(now, *layout);
    }
    Settle(letter.to.number);
  }
  void Run() {
    while (!letters.empty()) {
      const Message letter = letters.front();
      letters.pop_front();
      Deliver(letter);
    }
  }
  void Pass(Duration time) {
    now.monotonic += time;
    for (auto& [number, member] : members) {
      if (!member.up) continue;
      member.succession->Tick(now);
      Settle(number);
    }
    Run();
  }
  void Progress(std::uint32_t number, bool filled, bool handed_on) {
    members.at(number).succession->SetProgress(now, filled, handed_on);
    Settle(number);
    Run();
  }
  const local::View& ViewOf(std::uint32_t number) const {
    return members.at(number).succession->view();
  }

  NoLog log;
  local::Topology file;
  Moment now = local::At(0);
  std::map<std::uint32_t, Member> members;
  std::deque<Message> letters;
  std::map<std::uint32_t, node::ClientAnswer> answers;
};

}  // namespace meridian::test
