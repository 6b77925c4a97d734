#include "sim/detection_world.h"

#include <algorithm>

#include "base/fail_stop.h"

namespace meridian::sim {
namespace {

using local::PeerState;
using std::chrono::milliseconds;

local::Topology OneRegion(std::uint32_t nodes) {
  local::Topology topology;
  topology.partition_bits = 0;
  local::Region region;
  region.id = {1};
  region.name = "r1";
  for (std::uint32_t id = 1; id <= nodes; ++id) {
    local::Node node;
    node.id = {id};
    node.name = "r1-" + std::to_string(id);
    region.nodes.push_back(std::move(node));
  }
  topology.regions = {std::move(region)};
  return topology;
}

Duration MicrosOf(std::uint64_t count) {
  return Duration(static_cast<Duration::rep>(count));
}

}  // namespace

DetectionWorld::DetectionWorld(std::uint32_t nodes, std::uint64_t seed, double loss)
    : random_(seed), loss_(loss) {
  const local::Topology topology = OneRegion(nodes);
  for (std::uint32_t node = 1; node <= nodes; ++node) {
    auto member = std::make_unique<Member>();
    member->ring = std::make_unique<local::Ring>(topology, NodeProcess({1}, {node}));
    members_.push_back(std::move(member));
    queue_.After(MicrosOf(random_.Below(1'000'000)), [this, node] { Start(node); });
  }
}

void DetectionWorld::Start(std::uint32_t node) {
  Member& member = *members_[node - 1];
  member.turn = std::make_unique<Turn>(member.ring->self(), member.disk);
  member.liveness = {};
  member.detector = std::make_unique<local::FailureDetector>(
      *member.ring, *member.turn, member.liveness, local::FailureDetectorOptions{});
  member.armed = kNever;
  member.detector->Start(Now(), Actor::Of({1}, {node}, ++member.incarnation));
  EndTurn(node);
}

void DetectionWorld::Kill(std::uint32_t node) {
  Member& member = *members_[node - 1];
  member.detector.reset();
  member.inbox.clear();
  member.paused = false;
}

void DetectionWorld::Leave(std::uint32_t node) {
  members_[node - 1]->detector->Leave(Now());
  EndTurn(node);
}

void DetectionWorld::Resume(std::uint32_t node) {
  Member& member = *members_[node - 1];
  member.paused = false;
  for (const Message& message : std::exchange(member.inbox, {})) Take(member, message);
  if (member.detector->NextDeadline() <= queue_.now()) member.detector->Tick(Now());
  EndTurn(node);
}

void DetectionWorld::Deliver(std::uint32_t to, const Message& message) {
  Member& member = *members_[to - 1];
  if (!member.detector) return;
  if (member.paused) return member.inbox.push_back(message);
  Take(member, message);
  EndTurn(to);
}

void DetectionWorld::Take(Member& member, const Message& message) {
  const NodeId from{message.from.number};
  local::FailureDetector& detector = *member.detector;
  detector.Heard(Now(), from);
  const local::RingMessage body = OrStop(local::UnpackRingMessage(message.body));
  if (const auto* gossip = std::get_if<local::LiveGossip>(&body)) {
    detector.OnGossip(Now(), from, *gossip);
  } else if (const auto* ping = std::get_if<local::Ping>(&body)) {
    detector.OnPing(from, *ping);
  } else if (const auto* ack = std::get_if<local::PingAck>(&body)) {
    detector.OnPingAck(from, *ack);
  } else if (const auto* ask = std::get_if<local::PingFor>(&body)) {
    detector.OnPingFor(Now(), from, *ask);
  } else {
    detector.OnPingForDone(std::get<local::PingForDone>(body));
  }
}

void DetectionWorld::EndTurn(std::uint32_t node) {
  Member& member = *members_[node - 1];
  for (Outgoing& outgoing : member.turn->Take().messages) {
    const std::uint32_t to = outgoing.message.to.number;
    ++messages_;
    bytes_ += outgoing.message.body.size();
    if (cut_.contains({node, to}) || random_.Chance(loss_)) continue;
    queue_.After(MicrosOf(random_.Between(200, 2000)),
                 [this, to, message = std::move(outgoing.message)] { Deliver(to, message); });
  }
  for (const auto& [peer, state] : member.detector->TakeChanges()) ++verdicts_[state];
  const Instant next = member.detector->NextDeadline();
  if (next >= member.armed) return;
  member.armed = next;
  queue_.At(next, [this, node, next, life = member.incarnation] {
    Member& due = *members_[node - 1];
    if (!due.detector || due.incarnation != life || due.armed != next) return;
    due.armed = kNever;
    if (due.paused) return;
    if (due.detector->NextDeadline() <= queue_.now()) due.detector->Tick(Now());
    EndTurn(node);
  });
}

std::optional<Duration> DetectionWorld::RunUntil(const std::function<bool()>& holds,
                                                 Duration patience) {
  const Instant begin = queue_.now();
  while (!holds()) {
    if (queue_.now() - begin > patience) return std::nullopt;
    RunFor(milliseconds(20));
  }
  return queue_.now() - begin;
}

PeerState DetectionWorld::StateAt(std::uint32_t observer, std::uint32_t node) const {
  return members_[observer - 1]->liveness.StateOf({node});
}

std::size_t DetectionWorld::CountWhoSay(std::uint32_t node, PeerState state) const {
  std::size_t count = 0;
  for (std::uint32_t other = 1; other <= members_.size(); ++other) {
    count += other != node && members_[other - 1]->detector && StateAt(other, node) == state;
  }
  return count;
}

std::size_t DetectionWorld::CountWhoKnow(std::uint32_t node, std::uint32_t incarnation) const {
  std::size_t count = 0;
  for (std::uint32_t other = 1; other <= members_.size(); ++other) {
    if (other == node || !members_[other - 1]->detector) continue;
    const auto view = members_[other - 1]->detector->View(queue_.now());
    count += std::ranges::any_of(view, [&](const local::PeerView& peer) {
      return peer.node.value == node && peer.incarnation == incarnation;
    });
  }
  return count;
}

std::size_t DetectionWorld::TakeVerdicts(PeerState state) {
  return std::exchange(verdicts_[state], 0);
}

}  // namespace meridian::sim
