// Puts and deletes of the partitions this node is a primary of: mints, sends, counts.
//
//     read own row ─> mint a dot ─> apply here and send to the other primaries at once
//     ─> W of them durable (own copy counts when its batch is) ─> outcome
//
// Quorums are strict: only primaries count. Who has not answered after a quarter of the time is
// sent it again, so one lost message does not fail a request. A put that fails may have reached
// some replicas and may surface later.

#pragma once

#include <deque>
#include <map>
#include <vector>

#include "base/timer_queue.h"
#include "crdt/hybrid_clock.h"
#include "local/coordinator_options.h"
#include "local/messages.h"
#include "local/operations.h"
#include "local/replica.h"
#include "local/write_quorum.h"

namespace meridian::local {

struct PutCounters {
  std::uint64_t puts = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t resends = 0;
};

class PutCoordinator {
 public:
  // All outlive this.
  PutCoordinator(const Ring& ring, Turn& turn, Replica& replica, CoordinatorOptions options);

  // Once the replica has started.
  void Start() { last_id_ = FirstIdOf(replica_.actor()); }

  // Requires that this node is a primary of the key's partition and 1 <= w <= N.
  void Put(Moment now, const PutOrder& order);

  void OnReplicateAck(Moment now, NodeId from, const ReplicateAck& ack);
  void OnDurable(Moment now, BatchId up_to);
  void Tick(Moment now);
  Instant NextDeadline() const { return timers_.Next(); }

  std::vector<Outcome> TakeOutcomes() { return std::exchange(outcomes_, {}); }
  // Rows minted since the last call, each with the batch that makes it durable; for the gateways.
  struct Minted {
    crdt::RowUpdate update;
    BatchId batch;
  };
  std::vector<Minted> TakeMinted() { return std::exchange(minted_, {}); }

  std::size_t in_flight() const { return puts_.size(); }
  const PutCounters& counters() const { return counters_; }

 private:
  struct PendingPut {
    WriteQuorum quorum;
    Outcome outcome;
    Bytes message;  // kept for a second sending
    Instant deadline;
    Duration step{};
  };

  std::optional<OutcomeStatus> Refusal(const crdt::Row& stored, const PutOrder& order,
                                       PartitionKey partition) const;
  void Refuse(const PutOrder& order, OutcomeStatus status);
  crdt::Change ChangeFor(Moment now, const PutOrder& order, const crdt::Row& stored,
                         PartitionKey partition);
  void StartPut(Moment now, const PutOrder& order, Outcome outcome, crdt::RowUpdate update,
                PartitionKey partition);
  void StepPut(Moment now, std::uint64_t id, PendingPut& put);
  // Ends the put if it is decided; true when it is.
  bool SettlePut(std::map<std::uint64_t, PendingPut>::iterator put);

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  CoordinatorOptions options_;
  crdt::HybridClock clock_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, PendingPut> puts_;
  std::deque<std::pair<BatchId, std::uint64_t>> own_copies_;  // puts waiting for this node's sync
  TimerQueue timers_;
  std::vector<Outcome> outcomes_;
  std::vector<Minted> minted_;
  PutCounters counters_;
};

}  // namespace meridian::local
