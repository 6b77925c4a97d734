// Stale replicas that gets came across, repaired behind the answers.
//
//     get settles ──> answer leaves ──> next turn: the joined row to who lacked something of it
//
// Nobody waits for a repair, and one that is dropped costs nothing but time: catch-up finds what it
// would have brought. So the queue is bounded, and what exceeds it is counted and left.

#pragma once

#include <vector>

#include "base/turn.h"
#include "local/messages.h"
#include "local/replica.h"

namespace meridian::local {

struct ReadRepairCounters {
  std::uint64_t repaired = 0;  // replicas that were sent a row
  std::uint64_t dropped = 0;   // replicas that were not, because too much was queued
};

class ReadRepair {
 public:
  // All outlive this.
  ReadRepair(const Ring& ring, Turn& turn, Replica& replica)
      : ring_(ring), turn_(turn), replica_(replica) {}

  // `row` is all that the get learned; `stale` are primaries, this node possibly among them.
  void Later(Instant now, const crdt::RowKey& key, const crdt::Row& row, std::vector<NodeId> stale);
  void Tick(Instant now);
  Instant NextDeadline() const { return queue_.empty() ? kNever : due_; }

  const ReadRepairCounters& counters() const { return counters_; }

 private:
  struct Repair {
    crdt::RowUpdate update;
    std::vector<NodeId> stale;
  };

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  std::vector<Repair> queue_;
  std::size_t bytes_ = 0;
  Instant due_ = kNever;
  ReadRepairCounters counters_;
};

}  // namespace meridian::local
