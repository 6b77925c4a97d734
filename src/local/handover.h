// Hints on their way home: to the primaries of today, as ordinary rows, at a bounded rate.
//
//     a partition's hints ─ a page of 64 KiB ─> Replicate to every primary that is up ─> acks
//         W primaries hold a row durably ─> its hint is dropped, unless it has changed meanwhile
//
// Starts when a quorum of a partition's primaries is up; until then hints serve reads where they
// are. One page a partition is under way; a page that is not acknowledged in time is sent again on
// the next round. The receiver is whoever the preference list names now, this node too. Keeps
// nothing on disk: after a restart it begins again, and what is delivered twice changes nothing.
//
// Rule 8: a hint's copy is dropped only after as many primaries hold the row as its puts asked for;
// while a partition moves, as many of each layout: reads of either must find it without the hint.
// Rule 2: with the first hint dropped, this node's term as a stand-in of the partition ends.

#pragma once

#include <map>
#include <set>
#include <vector>

#include "local/hint_store.h"
#include "local/liveness.h"
#include "local/messages.h"
#include "local/replica.h"

namespace meridian::local {

struct HandoverOptions {
  std::uint64_t bytes_per_second = 16 << 20;  // of hints, to all their primaries together
  std::size_t page_bytes = 64 << 10;
  Duration interval = std::chrono::milliseconds(100);
  Duration ack_timeout = std::chrono::seconds(2);
  Duration pause = std::chrono::seconds(1);  // of a partition that could not be emptied
};

struct HandoverCounters {
  std::uint64_t rows_sent = 0;
  std::uint64_t timeouts = 0;  // pages that were not acknowledged by enough in time
};

class Handover {
 public:
  // All outlive this.
  Handover(const Ring& ring, Turn& turn, Replica& replica, HintStore& hints,
           const Liveness& liveness, HandoverOptions options)
      : ring_(ring),
        turn_(turn),
        replica_(replica),
        hints_(hints),
        liveness_(liveness),
        options_(options),
        allowance_(MostAllowed()) {}

  // True when `id` is that of a page of this.
  bool OnReplicateAck(Moment now, NodeId from, std::uint64_t id);
  void Tick(Moment now);
  Instant NextDeadline() const { return hints_.total().rows() == 0 ? kNever : next_; }

  const HandoverCounters& counters() const { return counters_; }

 private:
  struct Page {
    PartitionKey partition;
    std::vector<HintStore::Stored> left;  // not dropped yet
    std::set<NodeId> holders;             // primaries that hold all of it durably
    std::set<NodeId> asked;
    BatchId own;  // where this node is a primary now: holds it once this is durable
    Instant deadline;
  };
  using PageMap = std::map<std::uint64_t, Page>;

  NodeId self() const { return {ring_.self().number}; }
  // A quarter of a second's bytes, and something in any case.
  std::int64_t MostAllowed() const {
    return static_cast<std::int64_t>(options_.bytes_per_second / 4) + 1;
  }
  void Refill(Moment now);
  void Begin(Moment now, PartitionKey key);
  void Send(std::uint64_t id, Page& page, const std::vector<NodeId>& primaries);
  // The primaries in the layout that serves, and while the partition moves in the other one.
  std::vector<const PreferenceList*> ListsOf(PartitionKey key) const;
  // Drops what enough primaries hold. True when nothing is left of the page, and it is gone.
  bool DropHeld(PageMap::iterator page);
  void End(PageMap::iterator page);

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  HintStore& hints_;
  const Liveness& liveness_;
  HandoverOptions options_;

  PageMap pages_;  // by id of message
  std::set<PartitionKey> under_way_;
  std::map<PartitionKey, Bytes> cursors_;  // where the next page begins
  std::map<PartitionKey, Instant> paused_until_;
  Instant next_;
  Instant refilled_;
  std::int64_t allowance_;  // bytes that may leave now
  HandoverCounters counters_;
};

}  // namespace meridian::local
