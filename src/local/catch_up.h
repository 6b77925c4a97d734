// How replicas of one region come to hold the same: compare seen vectors, send what is missing.
//
//     A                                   B
//     SeenProbe (a digest a partition) ─>
//                                      <─ CatchUpAsk (B's vectors where the digests differ)
//     CatchUpRows (rows of the dots that B lacks, from A's log) ─>
//                                      <─ CatchUpAsk again, while there was more
//
// A returning replica, a lost message and a put that reached W of N all end here. Pulled by whoever
// lacks, so the sender keeps nothing; only settled dots are sent, so writes in flight are left
// alone. Vectors leave only when what they claim is durable.

#pragma once

#include <map>
#include <vector>

#include "crdt/settled.h"
#include "local/messages.h"
#include "local/replica.h"

namespace meridian::local {

struct CatchUpOptions {
  Duration interval = std::chrono::seconds(1);
  Duration ask_timeout = std::chrono::seconds(3);
  std::size_t bytes_per_answer = 256 * 1024;
};

struct CatchUpCounters {
  std::uint64_t asks = 0;
  std::uint64_t rows_sent = 0;
  std::uint64_t rows_received = 0;
  std::uint64_t orphans = 0;  // dots logged here whose data row is missing
};

class CatchUp {
 public:
  // All outlive this. Requires that the replica has started.
  CatchUp(const Ring& ring, Turn& turn, Replica& replica, CatchUpOptions options);

  void Start(Moment now);
  // The ring is another one: with whom what is shared.
  void FollowView();
  void OnProbe(Moment now, NodeId from, const SeenProbe& probe);
  void OnAsk(Moment now, NodeId from, const CatchUpAsk& ask);
  void OnRows(Moment now, NodeId from, CatchUpRows rows);
  void Tick(Moment now);
  Instant NextDeadline() const { return next_probe_; }

  const CatchUpCounters& counters() const { return counters_; }

 private:
  struct Peer {
    std::vector<PartitionKey> shared;  // partitions that both hold, ascending
    std::uint64_t ask_id = 0;          // of the ask that is out; 0: none
    std::vector<PartitionKey> asked;
    Instant asked_at;
  };
  void FindPeers();
  void Ask(Moment now, NodeId node, Peer& peer, std::vector<PartitionKey> partitions);
  void Probe(NodeId node, const Peer& peer);

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  CatchUpOptions options_;
  std::map<NodeId, Peer> peers_;
  std::map<PartitionKey, crdt::Settled> settled_;
  Instant next_probe_ = kNever;
  BatchId probed_after_;  // what the last probes wait for
  std::uint64_t last_id_ = 0;
  CatchUpCounters counters_;
};

}  // namespace meridian::local
