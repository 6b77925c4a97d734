// Asks whether a silent peer is there: directly, and through others at the same time.
//
//     1 ── Ping ──────────────────> 3
//     1 ── PingFor 3 ──> 2 ── Ping ─> 3
//                   2 <── PingAck ── 3
//     1 <── PingForDone reached ── 2
//
// A broken link between two nodes is so told from a dead node. Helpers also say when they did not
// reach it; one that is silent itself says that the asker is the slow one (Dadgar et al.,
// "Lifeguard", 2017).

#pragma once

#include <map>
#include <vector>

#include "base/turn.h"
#include "local/messages.h"
#include "local/ring.h"

namespace meridian::local {

class Probes {
 public:
  struct Verdict {
    NodeId target;
    bool reached = false;
    bool helpers_silent = false;  // some, or there were none to ask
  };

  // Both outlive this.
  Probes(const Ring& ring, Turn& turn) : ring_(ring), turn_(turn) {}
  void Start(std::uint64_t first_id) { last_id_ = first_id; }

  void Probe(Moment now, NodeId target, const std::vector<NodeId>& helpers, Duration timeout);
  bool IsProbing(NodeId target) const;

  void OnPing(NodeId from, const Ping& ping);
  void OnPingAck(NodeId from, const PingAck& ack);
  void OnPingFor(Moment now, NodeId from, const PingFor& ask, Duration timeout);
  void OnPingForDone(const PingForDone& done);

  // Ends what is due; verdicts of our own probes, the answered ones too.
  std::vector<Verdict> TakeVerdicts(Moment now);
  Instant NextDeadline() const;

 private:
  struct Own {
    NodeId target;
    std::size_t helpers_left = 0;  // that have not said anything
    std::size_t helpers = 0;
    bool reached = false;
    Instant deadline;
  };
  struct Relayed {
    NodeId asker;
    std::uint64_t asked_as = 0;
    NodeId target;
    Instant deadline;
  };
  void Tell(NodeId node, const RingMessage& message);

  const Ring& ring_;
  Turn& turn_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, Own> own_;
  std::map<std::uint64_t, Relayed> relayed_;
};

}  // namespace meridian::local
