#include "local/failure_detector.h"

#include <algorithm>

namespace meridian::local {
namespace {

constexpr int kTermBits = 20;  // how often a node can refute in one incarnation
constexpr int kChecksABeat = 2;
constexpr int kPunctualChecks = 20;     // that make good for one late one
constexpr std::size_t kConfirmers = 2;  // accusers besides us that shorten a suspicion
constexpr std::size_t kExtraTold = 3;   // suspects told each beat, so that they can refute

// Whether `ours` says something that `theirs` does not.
bool IsNews(const LiveEntry& ours, const LiveEntry& theirs) {
  if (ours.term != theirs.term) return ours.term > theirs.term;
  return ours.state > theirs.state || ours.beat > theirs.beat;
}

}  // namespace

FailureDetector::FailureDetector(const Ring& ring, Turn& turn, Liveness& liveness,
                                 FailureDetectorOptions options)
    : ring_(ring), turn_(turn), liveness_(liveness), options_(options), probes_(ring, turn) {}

void FailureDetector::FollowView(Moment now) {
  const Instant grace = now.monotonic + options_.start_grace;
  const std::vector<NodeId> nodes = ring_.Nodes();
  std::erase_if(peers_, [&](const auto& peer) {
    const bool is_gone = std::ranges::find(nodes, peer.first) == nodes.end();
    if (is_gone) liveness_.Forget(peer.first);
    return is_gone;
  });
  for (const NodeId node : nodes) {
    if (node == own_.node || peers_.contains(node)) continue;
    Peer peer{{}, PhiDetector(grace, options_.beat), now.monotonic, now.monotonic, {}, {}};
    peer.entry.node = node;
    peers_.emplace(node, std::move(peer));
  }
}

void FailureDetector::Start(Moment now, Actor actor) {
  own_.node = actor.node();
  own_.incarnation = actor.incarnation();
  own_.term = std::uint64_t{actor.incarnation()} << kTermBits;
  random_ = Random(actor.packed);
  probes_.Start(FirstIdOf(actor));
  FollowView(now);
  next_check_ = next_beat_ = now.monotonic;
}

void FailureDetector::Leave(Moment) {
  if (!HasStarted() || own_.state == PeerState::kLeft) return;
  own_.state = PeerState::kLeft;
  next_check_ = next_beat_ = kNever;
  for (const auto& [node, peer] : peers_)
    turn_.Send(ring_.Process(node), Pack(LiveGossip{false, {own_}}));
}

void FailureDetector::Heard(Moment now, NodeId node) {
  if (const auto peer = peers_.find(node); peer != peers_.end()) {
    peer->second.phi.Heard(now.monotonic);
  }
}

void FailureDetector::OnPingFor(Moment now, NodeId from, const PingFor& ask) {
  // In time for our "no" to reach the asker.
  if (peers_.contains(ask.target)) {
    probes_.OnPingFor(now, from, ask, options_.probe_timeout * 2 / 3);
  }
}

Instant FailureDetector::NextDeadline() const {
  return std::min(next_check_, probes_.NextDeadline());
}

void FailureDetector::Tick(Moment now) {
  if (!HasStarted()) return;
  if (now.monotonic >= next_check_) NoticeOwnDelay(now.monotonic);
  for (const Probes::Verdict& verdict : probes_.TakeVerdicts(now)) Hear(now, verdict);
  if (now.monotonic < next_check_) return;
  next_check_ = now.monotonic + options_.beat / kChecksABeat;
  for (auto& [node, peer] : peers_) Judge(now, node, peer);
  if (now.monotonic < next_beat_) return;
  // A little early rather than half a beat late.
  next_beat_ = now.monotonic + options_.beat - options_.beat / 20;
  ++own_.beat;
  Spread();
}

// While we did not run we did not listen either; what has arrived meanwhile is perhaps still
// queued.
void FailureDetector::NoticeOwnDelay(Instant now) {
  const Duration late = now - next_check_;
  if (late <= options_.beat / 10) {
    if (++punctual_ % kPunctualChecks == 0) slowness_ = std::max(slowness_ - 1, 0);
    return;
  }
  ++counters_.late_turns;
  punctual_ = 0;
  if (late > options_.beat / 2) BlameSelf();
  for (auto& [node, peer] : peers_) {
    peer.phi.Excuse(late, now);
    peer.suspected_at += late;
  }
}

void FailureDetector::Hear(Moment now, const Probes::Verdict& verdict) {
  const auto found = peers_.find(verdict.target);
  if (found == peers_.end()) return;  // it has left the ring meanwhile
  Peer& peer = found->second;
  if (verdict.reached) {
    slowness_ = std::max(slowness_ - 1, 0);
    peer.phi.Heard(now.monotonic);
    return;
  }
  if (verdict.helpers_silent) BlameSelf();
  if (peer.phi.Phi(now.monotonic) < options_.phi_suspect) return;
  peer.entry.accused = true;
  peer.accusers.insert(own_.node);
  if (peer.entry.state != PeerState::kAlive) return;
  ++counters_.suspicions;
  Become(now.monotonic, peer, PeerState::kSuspect);
}

void FailureDetector::Judge(Moment now, NodeId node, Peer& peer) {
  if (peer.entry.state > PeerState::kSuspect) return;
  const double phi = peer.phi.Phi(now.monotonic);
  if (peer.entry.accused && phi < options_.phi_believe) {
    // It is there after all.
    peer.entry.accused = false;
    peer.accusers.erase(own_.node);
    if (peer.accusers.empty()) Become(now.monotonic, peer, PeerState::kAlive);
  }
  if (phi < options_.phi_suspect) return;
  if (!peer.entry.accused) {
    if (probes_.IsProbing(node)) return;
    ++counters_.probes;
    probes_.Probe(now, node, DrawHelpers(now.monotonic, node), Stretched(options_.probe_timeout));
  } else if (phi >= options_.phi_down &&
             now.monotonic - peer.suspected_at >= Stretched(SuspicionOf(peer))) {
    ++counters_.convictions;
    Become(now.monotonic, peer, PeerState::kDown);
  }
}

// Shorter the more others have found it silent, too.
Duration FailureDetector::SuspicionOf(const Peer& peer) const {
  const std::size_t up = ThoseWho(PeerState::kAlive, PeerState::kAlive).size();
  const std::size_t wanted = std::min(kConfirmers, up);
  const std::size_t others = peer.accusers.size() - peer.accusers.count(own_.node);
  if (others >= wanted) return options_.suspicion_min;
  const auto missing = static_cast<Duration::rep>(wanted - others);
  return options_.suspicion_min + (options_.suspicion_max - options_.suspicion_min) * missing /
                                      static_cast<Duration::rep>(wanted);
}

void FailureDetector::Become(Instant now, Peer& peer, PeerState state) {
  peer.news_at = now;
  if (state == PeerState::kSuspect) peer.suspected_at = now;
  if (peer.entry.state == state) return;
  peer.entry.state = state;
  liveness_.Set(peer.entry.node, state);
  changes_.emplace_back(peer.entry.node, state);
}

void FailureDetector::OnGossip(Moment now, NodeId from, const LiveGossip& gossip) {
  if (!HasStarted() || !peers_.contains(from)) return;
  bool refuted = false;
  for (const LiveEntry& entry : gossip.entries) refuted = Merge(now, from, entry) || refuted;
  if (own_.state == PeerState::kLeft) return;
  if (refuted) {
    Tell(from, false);
    Spread();
  }
  const bool is_accused = peers_.at(from).entry.state != PeerState::kAlive;
  if (gossip.wants_answer || is_accused) AnswerTo(from, gossip);
}

// True when it was said of us, and had to be refuted.
bool FailureDetector::Merge(Moment now, NodeId from, const LiveEntry& entry) {
  if (entry.node == own_.node) return Refute(entry);
  const auto found = peers_.find(entry.node);
  if (found == peers_.end()) return false;
  Peer& peer = found->second;
  if (entry.term < peer.entry.term) return false;
  if (entry.term > peer.entry.term) {
    const bool was_away = peer.entry.state > PeerState::kSuspect;
    const PeerState before = peer.entry.state;
    peer.entry = entry;
    peer.entry.state = before;  // until Become
    peer.entry.accused = false;
    peer.accusers.clear();
    if (was_away) peer.phi = PhiDetector(now.monotonic, options_.beat);
    if (entry.state == PeerState::kAlive) peer.phi.Heard(now.monotonic);
    peer.beat_at = now.monotonic;
    Become(now.monotonic, peer, PeerState::kAlive);
  } else if (entry.beat > peer.entry.beat) {
    peer.entry.beat = entry.beat;
    peer.entry.load = entry.load;
    peer.entry.room = entry.room;
    peer.beat_at = now.monotonic;
    peer.phi.Beat(now.monotonic);
  }
  liveness_.SetRoom(entry.node, peer.entry.room);
  MergeState(now, from, peer, entry);
  return false;
}

void FailureDetector::MergeState(Moment now, NodeId from, Peer& peer, const LiveEntry& entry) {
  if (entry.state > peer.entry.state) {
    const bool is_goodbye = entry.state == PeerState::kLeft;
    if (is_goodbye || peer.phi.Phi(now.monotonic) >= options_.phi_believe) {
      Become(now.monotonic, peer, entry.state);
    } else if (from != entry.node) {
      // We have heard it ourselves. It shall know what is said of it.
      turn_.Send(ring_.Process(entry.node), Pack(LiveGossip{false, {entry}}));
      return;
    }
  }
  if (entry.accused && peer.entry.state == PeerState::kSuspect) peer.accusers.insert(from);
}

bool FailureDetector::Refute(const LiveEntry& entry) {
  const bool is_worse = entry.term == own_.term && entry.state > own_.state;
  if ((entry.term <= own_.term && !is_worse) || own_.state == PeerState::kLeft) return false;
  if (entry.term == UINT64_MAX) return false;
  own_.term = entry.term + 1;
  ++counters_.refutations;
  if (is_worse) BlameSelf();
  return true;
}

void FailureDetector::Spread() {
  std::vector<NodeId> told = ThoseWho(PeerState::kAlive, PeerState::kSuspect);
  random_.Shuffle(told);
  std::size_t extra = 0;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const bool is_suspect = peers_.at(told[i]).entry.state == PeerState::kSuspect;
    if (i < options_.fanout || (is_suspect && ++extra <= kExtraTold)) Tell(told[i], true);
  }
  // Two halves that take each other for dead would else never meet again.
  const std::vector<NodeId> away = ThoseWho(PeerState::kDown, PeerState::kLeft);
  if (!away.empty()) Tell(random_.Pick(away), true);
}

void FailureDetector::Tell(NodeId node, bool wants_answer) {
  turn_.Send(ring_.Process(node), Pack(LiveGossip{wants_answer, NewsFor(node)}));
}

// Us, the receiver, then changes of state, then the freshest heartbeats.
std::vector<LiveEntry> FailureDetector::NewsFor(NodeId node) const {
  std::vector<LiveEntry> entries{own_};
  std::vector<const Peer*> rest;
  for (const auto& [id, peer] : peers_) {
    if (id == node) {
      entries.push_back(peer.entry);
    } else if (peer.entry.term != 0 || peer.entry.state != PeerState::kAlive) {
      rest.push_back(&peer);
    }
  }
  const std::size_t room = kLiveEntriesMax - entries.size();
  if (rest.size() > room) {
    const auto freshness = [](const Peer* peer) {
      return std::max(peer->news_at + std::chrono::seconds(5), peer->beat_at);
    };
    std::ranges::stable_sort(rest, std::greater<>(), freshness);
    rest.resize(room);
  }
  for (const Peer* peer : rest) entries.push_back(peer->entry);
  return entries;
}

void FailureDetector::AnswerTo(NodeId from, const LiveGossip& gossip) {
  std::map<NodeId, const LiveEntry*> theirs;
  for (const LiveEntry& entry : gossip.entries) theirs[entry.node] = &entry;
  const bool is_whole = gossip.entries.size() < kLiveEntriesMax;
  LiveGossip answer;
  for (const LiveEntry& ours : NewsFor(from)) {
    const auto known = theirs.find(ours.node);
    if (known == theirs.end() ? is_whole : IsNews(ours, *known->second)) {
      answer.entries.push_back(ours);
    }
  }
  if (!answer.entries.empty()) turn_.Send(ring_.Process(from), Pack(answer));
}

std::vector<NodeId> FailureDetector::ThoseWho(PeerState least, PeerState most) const {
  std::vector<NodeId> nodes;
  for (const auto& [node, peer] : peers_) {
    if (peer.entry.state >= least && peer.entry.state <= most) nodes.push_back(node);
  }
  return nodes;
}

std::vector<NodeId> FailureDetector::DrawHelpers(Instant now, NodeId target) {
  std::vector<NodeId> helpers = ThoseWho(PeerState::kAlive, PeerState::kAlive);
  std::erase_if(helpers, [&](NodeId node) {
    return node == target || peers_.at(node).phi.Phi(now) >= options_.phi_suspect;
  });
  random_.Shuffle(helpers);
  if (helpers.size() > options_.helpers) helpers.resize(options_.helpers);
  return helpers;
}

std::vector<PeerView> FailureDetector::View(Instant now) const {
  std::vector<PeerView> view;
  for (const auto& [node, peer] : peers_) {
    view.push_back({node, peer.entry.state, peer.entry.incarnation, peer.entry.load,
                    peer.entry.room, peer.phi.Phi(now), peer.phi.Silence(now)});
  }
  return view;
}

}  // namespace meridian::local
