// Puts and deletes that this node runs, as a primary of the partition or standing in for all of
// them: mints, sends, counts.
//
//     read own row ─> mint a dot ─> apply here and send to the primaries at once
//     ─> W of them durable (own copy counts when its batch is) ─> outcome
//
// Who has not answered after a quarter of the time is sent it again, so one lost message does not
// fail a request. A put that fails may have reached some replicas and may surface later.
//
// Sloppy puts: fallbacks keep hints. With fewer than W primaries up, as many healthy fallbacks as
// are missing stand in at once; halfway to the deadline, while W is not reached, the next one does
// for each primary that is silent. A stand-in's copy counts towards W (rule 8 sees that it stays
// until W primaries have it). Where W cannot be had at all, the put is refused before anything is
// written. With no primary up, a fallback coordinates: its own copy is a hint as well.

#pragma once

#include <deque>
#include <map>
#include <vector>

#include "base/timer_queue.h"
#include "crdt/hybrid_clock.h"
#include "local/coordinator_options.h"
#include "local/hint_store.h"
#include "local/liveness.h"
#include "local/messages.h"
#include "local/operations.h"
#include "local/replica.h"
#include "local/stand_ins.h"
#include "local/write_quorum.h"

namespace meridian::local {

struct PutCounters {
  std::uint64_t puts = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t resends = 0;
  std::uint64_t stand_ins = 0;   // fallbacks asked to keep a write
  std::uint64_t stood_in = 0;    // puts coordinated here for absent primaries
  std::uint64_t too_few_up = 0;  // puts refused because W could not be had
};

class PutCoordinator {
 public:
  // All outlive this.
  PutCoordinator(const Ring& ring, Turn& turn, Replica& replica, HintStore& hints,
                 const Liveness& liveness, CoordinatorOptions options);

  // Requires that this node is in the partition's preference list and 1 <= w <= N.
  void Put(Moment now, PutOrder order);

  void OnReplicateAck(NodeId from, std::uint64_t id);
  void OnHintRefused(Moment now, NodeId from, const HintRefused& refusal);
  void OnDurable(Moment now, BatchId up_to);
  // The ring is another one: what is under way is for whom it concerns now. At once, since lists of
  // the ring before are gone.
  void FollowView(Moment now);
  void Tick(Moment now);
  Instant NextDeadline() const { return timers_.Next(); }

  std::vector<Outcome> TakeOutcomes() { return std::exchange(outcomes_, {}); }
  // Rows minted since the last call that other regions hold, too, each with the batch that makes it
  // durable; for the gateways.
  struct Minted {
    crdt::RowUpdate update;
    BatchId batch;
  };
  std::vector<Minted> TakeMinted() { return std::exchange(minted_, {}); }

  std::size_t in_flight() const { return puts_.size() + awaiting_term_.size(); }
  std::size_t bytes() const { return bytes_; }  // of messages kept for a second sending
  const PutCounters& counters() const { return counters_; }

 private:
  // What a put is about, looked up once.
  struct Place {
    Token token;
    PartitionKey partition;
    const PreferenceList& list;
    const Namespace& space;
    bool stands_in;  // this node is no primary of it
  };
  struct PendingPut {
    WriteQuorum quorum;
    Outcome outcome;
    Bytes message;  // Replicate, kept for a second sending
    Instant deadline;
    Duration step{};
    int steps = 0;
    bool sloppy = false;
    bool refused = false;  // by someone who was to stand in
    const PreferenceList* list = nullptr;
  };
  using PutMap = std::map<std::uint64_t, PendingPut>;
  struct Delayed {
    PutOrder order;
    Instant deadline;
  };

  NodeId self() const { return {ring_.self().number}; }
  Place PlaceOf(const crdt::RowKey& key) const;
  // False, and refused, when W cannot be had.
  bool CanBeHad(const PutOrder& order, const Place& place);
  bool MayMint(const Place& place);
  void Run(Moment now, PutOrder order, const Place& place);
  const crdt::Row* LookAtOwn(const PutOrder& order, const Place& place, const Bytes& storage_key,
                             crdt::Row& scratch);
  std::optional<OutcomeStatus> Refusal(const crdt::Row& stored, const PutOrder& order,
                                       const Place& place) const;
  void Refuse(const PutOrder& order, OutcomeStatus status, std::size_t reached = 0,
              std::size_t asked = 0);
  // Takes the order's value.
  crdt::Change ChangeFor(Moment now, PutOrder& order, const crdt::Row& stored, const Place& place);
  // Takes what the message has to the own copy.
  void WriteOwn(Moment now, const crdt::Row& stored, Replicate message, const PutOrder& order,
                const Place& place, Bytes storage_key);
  void StartPut(Moment now, const PutOrder& order, std::uint64_t id, Outcome outcome, Bytes message,
                const Place& place);
  WriteQuorum QuorumFor(const Place& place, std::size_t w) const;
  void StepPut(Moment now, std::uint64_t id, PendingPut& put);
  std::vector<NodeId> AbsentOf(const PendingPut& put) const;
  // Asks up to so many healthy fallbacks that were not asked yet; how many it were.
  std::size_t AskStandIns(PendingPut& put, std::size_t count);
  void StandInForTheSilent(PendingPut& put);
  // Whether the nodes that hold it and those that still may are too few.
  bool IsHopeless(const PendingPut& put) const;
  // Of a put that stand-ins have refused: ends it when nobody is left who could be asked.
  void EndIfHopeless(PendingPut& put);
  // Ends the put if it is decided; true when it is.
  bool SettlePut(PutMap::iterator put);
  void RunDelayed(Moment now);

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  HintStore& hints_;
  const Liveness& liveness_;
  CoordinatorOptions options_;
  crdt::HybridClock clock_;
  PutMap puts_;
  std::size_t bytes_ = 0;
  std::deque<Delayed> awaiting_term_;  // until the new incarnation is durable, a few milliseconds
  std::deque<std::pair<BatchId, std::uint64_t>> own_copies_;  // puts waiting for this node's sync
  TimerQueue timers_;
  std::vector<Outcome> outcomes_;
  std::vector<Minted> minted_;
  PutCounters counters_;
};

}  // namespace meridian::local
