#include "local/probes.h"

#include <algorithm>

namespace meridian::local {
namespace {

// Asked for by others; a helper that has more does not help.
constexpr std::size_t kRelayedMax = 256;

}  // namespace

void Probes::Tell(NodeId node, const RingMessage& message) {
  turn_.Send(ring_.Process(node), Pack(message));
}

void Probes::Probe(Moment now, NodeId target, const std::vector<NodeId>& helpers,
                   Duration timeout) {
  const std::uint64_t id = ++last_id_;
  own_[id] = {target, helpers.size(), helpers.size(), false, now.monotonic + timeout};
  Tell(target, Ping{id});
  for (const NodeId helper : helpers) Tell(helper, PingFor{id, target});
}

bool Probes::IsProbing(NodeId target) const {
  return std::ranges::any_of(own_, [&](const auto& one) { return one.second.target == target; });
}

void Probes::OnPing(NodeId from, const Ping& ping) {
  Tell(from, PingAck{ping.id});
}

void Probes::OnPingAck(NodeId from, const PingAck& ack) {
  if (const auto own = own_.find(ack.id); own != own_.end() && own->second.target == from) {
    own->second.reached = true;
  }
  const auto relayed = relayed_.find(ack.id);
  if (relayed == relayed_.end() || relayed->second.target != from) return;
  Tell(relayed->second.asker, PingForDone{relayed->second.asked_as, true});
  relayed_.erase(relayed);
}

void Probes::OnPingFor(Moment now, NodeId from, const PingFor& ask, Duration timeout) {
  if (relayed_.size() >= kRelayedMax) return;
  const std::uint64_t id = ++last_id_;
  relayed_[id] = {from, ask.id, ask.target, now.monotonic + timeout};
  Tell(ask.target, Ping{id});
}

void Probes::OnPingForDone(const PingForDone& done) {
  const auto own = own_.find(done.id);
  if (own == own_.end()) return;
  own->second.reached = own->second.reached || done.reached;
  if (own->second.helpers_left > 0) --own->second.helpers_left;
}

std::vector<Probes::Verdict> Probes::TakeVerdicts(Moment now) {
  std::vector<Verdict> verdicts;
  for (auto own = own_.begin(); own != own_.end();) {
    const Own& probe = own->second;
    if (!probe.reached && probe.deadline > now.monotonic) {
      ++own;
      continue;
    }
    verdicts.push_back({probe.target, probe.reached, probe.helpers_left > 0 || probe.helpers == 0});
    own = own_.erase(own);
  }
  for (auto relayed = relayed_.begin(); relayed != relayed_.end();) {
    if (relayed->second.deadline > now.monotonic) {
      ++relayed;
      continue;
    }
    Tell(relayed->second.asker, PingForDone{relayed->second.asked_as, false});
    relayed = relayed_.erase(relayed);
  }
  return verdicts;
}

Instant Probes::NextDeadline() const {
  Instant next = kNever;
  for (const auto& [id, probe] : own_) next = std::min(next, probe.deadline);
  for (const auto& [id, relayed] : relayed_) next = std::min(next, relayed.deadline);
  return next;
}

}  // namespace meridian::local
