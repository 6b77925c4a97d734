// Gets of the partitions this node is a primary of: asks, merges, repairs.
//
//     read own row, ask R-1 others ─> merge ─> outcome ─> repair the stale ones
//
// Who has not answered after a quarter of the time is asked again, and so are all other primaries,
// so one lost message does not fail a request. A get that wants every region asks them at the same
// time, through one gateway; when an answer is missing after that quarter, through the next one.

#pragma once

#include <map>
#include <vector>

#include "base/timer_queue.h"
#include "local/coordinator_options.h"
#include "local/messages.h"
#include "local/operations.h"
#include "local/read_quorum.h"
#include "local/replica.h"

namespace meridian::local {

struct GetCounters {
  std::uint64_t gets = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t resends = 0;
  std::uint64_t read_repairs = 0;
};

class GetCoordinator {
 public:
  // All outlive this.
  GetCoordinator(const Ring& ring, Turn& turn, Replica& replica)
      : ring_(ring), turn_(turn), replica_(replica) {}

  // Once the replica has started.
  void Start() { last_id_ = FirstIdOf(replica_.actor()); }

  // Requires that this node is a primary of the key's partition and 1 <= r <= N.
  void Get(Moment now, const GetOrder& order);

  void OnRowRead(Moment now, NodeId from, RowRead read);
  void OnRowElsewhere(const RowElsewhere& read);
  void Tick(Moment now);
  Instant NextDeadline() const { return timers_.Next(); }

  std::vector<Outcome> TakeOutcomes() { return std::exchange(outcomes_, {}); }
  std::size_t in_flight() const { return gets_.size(); }
  const GetCounters& counters() const { return counters_; }

 private:
  struct PendingGet {
    ReadQuorum quorum;
    Outcome outcome;
    Token token;
    Instant deadline;
    Duration step{};
  };

  void AskRegions(Moment now, std::uint64_t id, const PendingGet& get);
  void StepGet(Moment now, std::uint64_t id, PendingGet& get);
  // Ends the get if it is decided; true when it is.
  bool SettleGet(std::map<std::uint64_t, PendingGet>::iterator get);
  void Repair(const PendingGet& get);

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  std::uint64_t last_id_ = 0;
  std::size_t gateway_ = 0;  // the one that is asked; moved on when one was silent
  std::map<std::uint64_t, PendingGet> gets_;
  TimerQueue timers_;
  std::vector<Outcome> outcomes_;
  GetCounters counters_;
};

}  // namespace meridian::local
