// Gets that this node runs, as a primary of the partition or standing in for all of them: asks,
// merges, repairs.
//
//     read own row, ask R-1 others ─> merge ─> outcome ─> repair the stale ones
//              for digests ─> one differs: ask it for the row
//
// Who takes longer than is usual for it is hedged by another primary (hedge.h). Who has not
// answered after a quarter of the time is asked again, and so are all other primaries, so one lost
// message does not fail a request. A get that wants every region asks them at the same time,
// through one gateway; when an answer is missing after that quarter, through the next one.
//
// Sloppy gets: with fewer than R primaries up, or halfway to the deadline, the healthy fallbacks
// are asked as well. One counts towards R only if it keeps a hint of the row: a fallback that has
// nothing has not looked where the row is. Where R cannot be had, the get fails at once.

#pragma once

#include <map>
#include <set>
#include <vector>

#include "base/timer_queue.h"
#include "local/coordinator_options.h"
#include "local/hedge.h"
#include "local/hint_store.h"
#include "local/liveness.h"
#include "local/messages.h"
#include "local/operations.h"
#include "local/read_quorum.h"
#include "local/read_repair.h"
#include "local/replica.h"

namespace meridian::local {

struct GetCounters {
  std::uint64_t gets = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t resends = 0;
  std::uint64_t digests_differed = 0;  // rows that were asked for after their digests
  std::uint64_t from_hints = 0;        // answers of stand-ins that counted
  std::uint64_t too_few_up = 0;        // gets that failed because R cannot be had
};

class GetCoordinator {
 public:
  // All outlive this.
  GetCoordinator(const Ring& ring, Turn& turn, Replica& replica, const HintStore& hints,
                 const Liveness& liveness, const CoordinatorOptions& options)
      : ring_(ring),
        turn_(turn),
        replica_(replica),
        hints_(hints),
        liveness_(liveness),
        hedge_(options.hedge_percent),
        repair_(ring, turn, replica) {}

  // Once the replica has started.
  void Start() { last_id_ = FirstIdOf(replica_.actor()); }

  // Requires that this node is in the partition's preference list and 1 <= r <= N.
  void Get(Moment now, const GetOrder& order);

  void OnRowRead(Moment now, NodeId from, RowRead read);
  void OnRowDigest(Moment now, NodeId from, const RowDigest& read);
  void OnReadRefused(Moment now, NodeId from, const ReadRefused& refused);
  void OnRowElsewhere(Moment now, const RowElsewhere& read);
  void OnHintRead(Moment now, NodeId from, HintRead read);
  // The ring is another one: answers of replicas under the one before do not count.
  void FollowView(Moment now);
  void Tick(Moment now);
  Instant NextDeadline() const {
    return std::min({timers_.Next(), hedge_.NextDeadline(), repair_.NextDeadline()});
  }

  std::vector<Outcome> TakeOutcomes() { return std::exchange(outcomes_, {}); }
  std::size_t in_flight() const { return gets_.size(); }
  std::size_t bytes() const { return bytes_; }  // of rows, waiting for others
  const GetCounters& counters() const { return counters_; }
  const Hedge& hedge() const { return hedge_; }
  const ReadRepairCounters& repair_counters() const { return repair_.counters(); }

 private:
  struct PendingGet {
    ReadQuorum quorum;
    Outcome outcome;
    Token token;
    Instant deadline;
    Duration step{};
    int steps = 0;
    bool sloppy = false;
    const PreferenceList* list = nullptr;
    std::uint64_t asked = 0;  // primaries, by their place in the list
    std::size_t bytes = 0;    // counted in bytes_
    std::set<NodeId> asked_stand_ins;
    std::set<NodeId> without_hint;  // of those, who keeps nothing of the row
  };
  using GetMap = std::map<std::uint64_t, PendingGet>;

  void AskRegions(Moment now, std::uint64_t id, const PendingGet& get);
  NodeId self() const { return {ring_.self().number}; }
  void ReadOwn(PendingGet& get);
  void AskFirst(Moment now, std::uint64_t id, PendingGet& get);
  void AskStandIns(Moment now, std::uint64_t id, PendingGet& get);
  void AskPrimary(Moment now, std::uint64_t id, PendingGet& get, NodeId node);
  // One more primary, when one that was asked is slow and a token is there.
  void HedgeGet(Moment now, std::uint64_t id, PendingGet& get);
  void Record(PendingGet& get, NodeId from, crdt::Row row);
  // Fails it when those who answered and those who still may are too few.
  void FailIfHopeless(PendingGet& get);
  void StepGet(Moment now, std::uint64_t id, PendingGet& get);
  // Ends the get if it is decided; true when it is.
  bool SettleGet(Moment now, GetMap::iterator get);

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  const HintStore& hints_;
  const Liveness& liveness_;
  std::uint64_t last_id_ = 0;
  std::size_t gateway_ = 0;  // the one that is asked; moved on when one was silent
  GetMap gets_;
  std::size_t bytes_ = 0;
  Hedge hedge_;
  ReadRepair repair_;
  TimerQueue timers_;
  std::vector<Outcome> outcomes_;
  GetCounters counters_;
};

}  // namespace meridian::local
