#include "local/hedge.h"

#include <algorithm>

namespace meridian::local {
namespace {

constexpr Duration kKnownFor = std::chrono::seconds(2);
constexpr std::size_t kAsksKnown = 1024;
constexpr Duration kTriedEvery = std::chrono::milliseconds(500);
constexpr Duration kTriedWithoutTokenEvery = std::chrono::seconds(10);
// Below this, waiting is no worse than asking; and timers are not free.
constexpr Duration kLeastWait = std::chrono::milliseconds(2);
// For a peer of which too little is known.
constexpr Duration kUsual = std::chrono::milliseconds(20);
constexpr int kLagFactor = 4;
constexpr unsigned kToken = 100;
constexpr unsigned kTokensMax = 64 * kToken;

}  // namespace

std::optional<Duration> Hedge::P95Of(NodeId peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? std::nullopt : found->second.latency.P95();
}

Duration Hedge::BestOf(const std::vector<NodeId>& peers) const {
  Duration best = kUsual;
  for (const NodeId peer : peers) best = std::min(best, P95Of(peer).value_or(kUsual));
  return std::max(best, kLeastWait);
}

// Takes the first ask away, and those behind it that were answered.
void Hedge::Drop(Peer& peer) {
  do {
    peer.asks.pop_front();
    if (peer.reported > 0) --peer.reported;
  } while (!peer.asks.empty() && peer.asks.front().id == 0);
}

void Hedge::Forget(Instant now, Peer& peer) {
  while (!peer.asks.empty() &&
         (now - peer.asks.front().sent > kKnownFor || peer.asks.size() > kAsksKnown)) {
    peer.silent = true;
    Drop(peer);
  }
}

Hedge::Lag Hedge::LagOf(Instant now, Peer& peer) const {
  Forget(now, peer);
  // Without a token the read that tries it would have to wait for it.
  const Duration every = hundredths_ >= kToken ? kTriedEvery : kTriedWithoutTokenEvery;
  if (now - peer.asked >= every) return {};
  Lag lag{.slow = peer.latency.P95().value_or(best_) > kLagFactor * best_};
  if (!peer.asks.empty()) lag.silent = now - peer.asks.front().sent;
  if (lag.silent <= kLagFactor * best_) lag.silent = {};
  if (peer.silent) lag.silent = kKnownFor;
  return lag;
}

void Hedge::Order(Instant now, std::vector<NodeId>& peers) {
  best_ = BestOf(peers);
  if (percent_ == 0) return;
  std::ranges::stable_sort(peers, {}, [&](NodeId peer) { return LagOf(now, peers_[peer]); });
}

void Hedge::Asked(Instant now, NodeId peer, std::uint64_t id) {
  ++counters_.asks;
  hundredths_ = std::min(hundredths_ + percent_, kTokensMax);
  Note(now, peer, id);
}

void Hedge::AskedToo(Instant now, NodeId peer, std::uint64_t id) {
  ++counters_.hedges;
  Note(now, peer, id);
}

void Hedge::Note(Instant now, NodeId peer, std::uint64_t id) {
  Peer& asked = peers_[peer];
  Forget(now, asked);
  asked.asked = now;
  const Duration usual = std::max(asked.latency.P95().value_or(kUsual), kLeastWait);
  Instant due = now + std::min(usual, kLagFactor * best_);
  if (!asked.asks.empty()) due = std::max(due, asked.asks.back().due);
  asked.asks.push_back({id, now, due});
}

void Hedge::Answered(Instant now, NodeId peer, std::uint64_t id) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  Peer& answered = found->second;
  const auto ask = std::ranges::find(answered.asks, id, &Ask::id);
  if (ask == answered.asks.end()) return;  // forgotten, or answered before
  answered.silent = false;
  answered.latency.Add(now, now - ask->sent);
  ask->id = 0;
  if (ask == answered.asks.begin()) Drop(answered);
}

std::vector<std::uint64_t> Hedge::DueBy(Instant now) {
  std::vector<std::uint64_t> due;
  for (auto& [node, peer] : peers_) {
    for (; peer.reported < peer.asks.size(); ++peer.reported) {
      const Ask& ask = peer.asks[peer.reported];
      if (ask.due > now && ask.id != 0) break;
      if (ask.id != 0) due.push_back(ask.id);
    }
  }
  return due;
}

Instant Hedge::NextDeadline() const {
  Instant next = kNever;
  for (const auto& [node, peer] : peers_) {
    if (peer.reported < peer.asks.size()) next = std::min(next, peer.asks[peer.reported].due);
  }
  return next;
}

bool Hedge::Take() {
  if (hundredths_ < kToken) {
    counters_.denied += percent_ == 0 ? 0 : 1;
    return false;
  }
  hundredths_ -= kToken;
  return true;
}

}  // namespace meridian::local
