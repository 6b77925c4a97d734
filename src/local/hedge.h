// Whom to ask first, and when to ask another as well: a slow replica costs a read little.
//
//     asked 2 ──── answers of 2 take at most 1.3 ms, 95 of a hundred ────> silent: ask 3 too
//                  a token for twenty asks, so at most 5 % more are sent
//
// A peer lags when an ask has been out for four times what its answers take, or when they take four
// times what those of the quickest take: others are asked before it. That costs no token, so a
// replica that stands still costs tokens only until it is noticed. Every half second one read tries
// it all the same, if there is a token to hedge it with; its answers count again as soon as they
// come.
//
// Asks stay known for two seconds, also when their read has ended by another's answer, or a peer
// that is always overtaken would never be seen to be slow. Pure: the coordinator sends.

#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "local/latency_estimate.h"

namespace meridian::local {

struct HedgeCounters {
  std::uint64_t asks = 0;    // requests to peers, hedges apart
  std::uint64_t hedges = 0;  // requests to another because a peer was slow
  std::uint64_t denied = 0;  // there was no token
};

class Hedge {
 public:
  // `percent` of the asks may be sent in addition; 0: none ever.
  explicit Hedge(unsigned percent) : percent_(percent) {}

  // The peers of one read, those that lag behind the others; the order is kept otherwise.
  void Order(Instant now, std::vector<NodeId>& peers);

  // `peer` is asked in read `id`; ids rise.
  void Asked(Instant now, NodeId peer, std::uint64_t id);
  // The same for one more than are needed; after Take.
  void AskedToo(Instant now, NodeId peer, std::uint64_t id);
  void Answered(Instant now, NodeId peer, std::uint64_t id);

  // Reads of which an ask is out for longer than its peer takes; each ask once.
  std::vector<std::uint64_t> DueBy(Instant now);
  Instant NextDeadline() const;
  // Whether one more may be asked: takes a token.
  bool Take();

  const HedgeCounters& counters() const { return counters_; }
  std::optional<Duration> P95Of(NodeId peer) const;

 private:
  struct Ask {
    std::uint64_t id = 0;  // 0: answered
    Instant sent;
    Instant due;
  };
  struct Peer {
    LatencyEstimate latency;
    std::deque<Ask> asks;      // in the order sent; the first is unanswered
    std::size_t reported = 0;  // how many of them DueBy has been through
    Instant asked;             // the last time
    bool silent = false;       // an ask was forgotten without an answer, and none came since
  };
  // Greater is worse; in this order.
  struct Lag {
    Duration silent{};  // for so long
    bool slow = false;
    auto operator<=>(const Lag&) const = default;
  };
  void Note(Instant now, NodeId peer, std::uint64_t id);
  static void Drop(Peer& peer);
  static void Forget(Instant now, Peer& peer);
  Duration BestOf(const std::vector<NodeId>& peers) const;
  Lag LagOf(Instant now, Peer& peer) const;

  unsigned percent_;
  unsigned hundredths_ = 0;                        // of tokens
  Duration best_ = std::chrono::milliseconds(20);  // of the peers ordered last
  std::map<NodeId, Peer> peers_;
  HedgeCounters counters_;
};

}  // namespace meridian::local
