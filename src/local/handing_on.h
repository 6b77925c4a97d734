// Partitions that this node kept and that are others' now: handed on, then erased.
//
//     a new view takes partition 7 from here ──> HandOn (what it has seen) to the primaries
//     a primary that lacks something asks for it; one that holds all, durably: HeldHere
//     W of them hold all ──> rows, log and checkpoint are erased, a part each turn
//
// Nothing counted towards W is dropped before W primaries hold it (rule 8). A node that comes back
// after the change was over does the same. What is being erased is noted on disk first, so a crash
// in between goes on. The partition's dots are another actor's afterwards (rule 2).

#pragma once

#include <map>
#include <set>

#include "local/messages.h"
#include "local/replica.h"

namespace meridian::local {

struct HandingOnOptions {
  Duration interval = std::chrono::seconds(1);              // of asking
  Duration erase_interval = std::chrono::milliseconds(25);  // each is a sync more
  std::size_t erase_at_once = 300;                          // rows or log rows, in one turn
};

class HandingOn {
 public:
  // All outlive this.
  HandingOn(const Ring& ring, Turn& turn, Replica& replica, HandingOnOptions options)
      : ring_(ring), turn_(turn), replica_(replica), options_(options) {}

  // What was begun before this start; before the replica loads its logs.
  void Load();
  // After the start, and after each new view; the log then keeps what this node is written. What it
  // begins with is marked as filling.
  void FollowView(Moment now);

  void OnHandOn(NodeId from, const HandOn& ask);
  void OnHeldHere(NodeId from, const HeldHere& held);
  void Tick(Moment now);
  Instant NextDeadline() const { return leaving_.empty() ? kNever : next_; }

  bool IsDone() const { return leaving_.empty(); }
  // Whether a view that is filling gives back to this node what it is erasing: it is not filled
  // then, though Filling does not know of it yet.
  bool ErasesWanted() const;
  // True once after a partition was erased that is wanted again: it begins anew.
  bool TakeKept() { return std::exchange(kept_, false); }
  std::size_t partitions() const { return leaving_.size(); }
  bool IsLeaving(PartitionKey key) const { return leaving_.contains(key); }

 private:
  struct Leaving {
    bool erasing = false;
    std::set<NodeId> held_by;
    std::uint64_t digest = 0;  // of what they were asked about
    // Erased up to here; what is behind would be stepped over once more each time.
    Bytes rows_to;
    Bytes log_to;
  };
  void Note(PartitionKey key, const Leaving& leaving);
  void AskAll(PartitionKey key, Leaving& leaving);
  // True when nothing is left.
  bool EraseSome(PartitionKey key, Leaving& leaving, std::size_t& budget);
  void EraseAll(Moment now);

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  HandingOnOptions options_;
  std::map<PartitionKey, Leaving> leaving_;
  bool kept_ = false;
  Instant next_ask_{};
  Instant next_{};
  BatchId erased_in_;  // the last batch that erased anything
};

}  // namespace meridian::local
