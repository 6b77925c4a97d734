// Who of the region is alive: gossip of heartbeats, phi of their silence, probes, suspicion.
//
//     alive ── phi 5, and no probe reached it ──> suspect ── 2 to 4 s unrefuted, phi 8 ──> down
//       ^<────────────── a later term, which only the node itself begins ────────────────────┘
//     left: it said goodbye
//
// Every beat a node counts up its heartbeat and tells a few random peers all it knows; each answers
// with what it knows better, so news reaches n nodes in O(log n) beats (docs/failure-detection.md).
// An accusation is believed only by who has not heard the accused either; everybody else passes it
// on to the accused, who refutes it. Whoever is late himself excuses that time, and is slower to
// accuse. Nobody is ever removed. Sources: Das et al., "SWIM", 2002; Dadgar et al., "Lifeguard",
// 2017.

#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/random.h"
#include "local/liveness.h"
#include "local/phi_detector.h"
#include "local/probes.h"

namespace meridian::local {

struct FailureDetectorOptions {
  Duration beat = std::chrono::seconds(1);
  std::size_t fanout = 3;   // peers told each beat
  std::size_t helpers = 3;  // peers that probe for us
  double phi_believe = 1;   // an accusation of others
  double phi_suspect = 5;
  double phi_down = 8;
  Duration probe_timeout = std::chrono::milliseconds(900);
  Duration suspicion_min = std::chrono::seconds(2);  // when two others have found it silent, too
  Duration suspicion_max = std::chrono::seconds(4);
  Duration start_grace = std::chrono::seconds(5);  // of peers that were never heard
};

struct FailureDetectorCounters {
  std::uint64_t probes = 0;
  std::uint64_t suspicions = 0;   // that began here
  std::uint64_t convictions = 0;  // likewise
  std::uint64_t refutations = 0;  // of what was said of this node
  std::uint64_t late_turns = 0;   // this node itself was late, and excused its peers
};

// A peer, for status pages.
struct PeerView {
  NodeId node;
  PeerState state = PeerState::kAlive;
  std::uint32_t incarnation = 0;  // 0: never heard
  std::uint32_t load = 0;
  DiskRoom room = DiskRoom::kPlenty;
  double phi = 0;
  Duration silence{};
};

class FailureDetector {
 public:
  using Change = std::pair<NodeId, PeerState>;

  // All outlive this. Writes what it finds to `liveness`.
  FailureDetector(const Ring& ring, Turn& turn, Liveness& liveness, FailureDetectorOptions options);

  // Once the actor's incarnation is durable: what is told of it must not be told of another life.
  void Start(Moment now, Actor actor);
  bool HasStarted() const { return own_.term != 0; }
  // The ring is another one: peers come and go.
  void FollowView(Moment now);
  // Says goodbye. Nothing is refuted any more.
  void Leave(Moment now);

  void SetLoad(std::size_t waiting) { own_.load = static_cast<std::uint32_t>(waiting); }
  void SetRoom(DiskRoom room) { own_.room = room; }
  // Any message of the peer: it is there.
  void Heard(Moment now, NodeId node);
  void OnGossip(Moment now, NodeId from, const LiveGossip& gossip);
  void OnPing(NodeId from, const Ping& ping) { probes_.OnPing(from, ping); }
  void OnPingAck(NodeId from, const PingAck& ack) { probes_.OnPingAck(from, ack); }
  void OnPingFor(Moment now, NodeId from, const PingFor& ask);
  void OnPingForDone(const PingForDone& done) { probes_.OnPingForDone(done); }

  void Tick(Moment now);
  Instant NextDeadline() const;

  // Since the last call, in order.
  std::vector<Change> TakeChanges() { return std::exchange(changes_, {}); }
  std::vector<PeerView> View(Instant now) const;
  // 0: as punctual as can be; up to 4: own turns are late, own probes fail.
  int slowness() const { return slowness_; }
  const FailureDetectorCounters& counters() const { return counters_; }

 private:
  struct Peer {
    LiveEntry entry;  // as it is told to others
    PhiDetector phi;
    Instant news_at;  // of its state or term
    Instant beat_at;
    Instant suspected_at;
    std::set<NodeId> accusers;
  };

  void NoticeOwnDelay(Instant now);
  void BlameSelf() { slowness_ = std::min(slowness_ + 1, 4); }
  Duration Stretched(Duration usual) const { return usual + usual * slowness_ / 2; }

  void Hear(Moment now, const Probes::Verdict& verdict);
  void Judge(Moment now, NodeId node, Peer& peer);
  Duration SuspicionOf(const Peer& peer) const;
  void Become(Instant now, Peer& peer, PeerState state);

  bool Merge(Moment now, NodeId from, const LiveEntry& entry);
  bool Refute(const LiveEntry& entry);
  void MergeState(Moment now, NodeId from, Peer& peer, const LiveEntry& entry);

  void Spread();
  void Tell(NodeId node, bool wants_answer);
  void AnswerTo(NodeId from, const LiveGossip& gossip);
  std::vector<LiveEntry> NewsFor(NodeId node) const;
  std::vector<NodeId> ThoseWho(PeerState least, PeerState most) const;
  std::vector<NodeId> DrawHelpers(Instant now, NodeId target);

  const Ring& ring_;
  Turn& turn_;
  Liveness& liveness_;
  const FailureDetectorOptions options_;
  Probes probes_;
  Random random_{1};
  LiveEntry own_;
  std::map<NodeId, Peer> peers_;
  Instant next_check_ = kNever;
  Instant next_beat_ = kNever;
  int slowness_ = 0;
  int punctual_ = 0;  // checks since the last late one
  std::vector<Change> changes_;
  FailureDetectorCounters counters_;
};

}  // namespace meridian::local
