// What this node lacks, from whom it comes, and the proof that it came.
//
//     lost     held by name, not on this disk:       Refill from the other primaries
//     gained   of a new view, from the former ones:  Refill from them, then
//                                                    compare Merkle roots while both have seen the
//                                                    same, with enough of the former primaries
//     all gained so ─> IsDone() ─> reads may move here
//
// Writes come here meanwhile as well, so what is compared stands still long enough only now and
// then: a root is asked for again until both vectors are equal at that moment. Where that never
// happens, for a key that is written all the time, it passes when nothing is missing, and is
// counted. "Enough" are so many that one of them holds every write that W of them had acknowledged
// before all this began. Until then the partition is marked as filling (rule 9). Nothing else is
// kept over a restart: what is here is not pulled again, and sums are quick.

#pragma once

#include <map>
#include <set>
#include <vector>

#include "local/messages.h"
#include "local/refill.h"
#include "local/replica.h"

namespace meridian::local {

struct FillingOptions {
  std::size_t sums_max = 16;  // asked for at once
  Duration ask_timeout = std::chrono::seconds(1);
};

struct FillingFigures {
  std::size_t partitions = 0;  // that this view gives to this node
  std::size_t filled = 0;      // and verified
  std::uint64_t sums_equal = 0;
  std::uint64_t sums_differ = 0;  // both had seen the same: a copy is wrong
  std::uint64_t sums_unheld = 0;  // that never stood still
};

class Filling {
 public:
  // All outlive this.
  Filling(const Ring& ring, Turn& turn, Replica& replica, Refill& refill, FillingOptions options)
      : ring_(ring), turn_(turn), replica_(replica), refill_(refill), options_(options) {}

  // At each begin of this node; ids of asks are above this.
  void Start(std::uint64_t first_id);
  // Sees to what is lacking now; after Start, after each new view, after a partition began anew.
  void Follow(Moment now);

  // The side of who has it. Who is being filled itself says nothing.
  void OnSumAsk(NodeId from, const SumAsk& ask, bool begun);
  // The side of who gains it.
  void OnSum(Moment now, const Sum& sum);

  // Takes on what Refill has brought; true when it has nothing left to bring.
  bool TakeFilled(Moment now);
  void Tick(Moment now);
  Instant NextDeadline() const { return next_; }

  bool IsDone() const { return started_ && figures_.filled == figures_.partitions; }
  // Whether something is missing that this node is believed to hold.
  bool LacksOwn() const;
  const FillingFigures& figures() const { return figures_; }

 private:
  enum class Phase { kFilling, kSumming, kDone };
  struct Target {
    bool gained = false;
    std::vector<NodeId> sources;
    std::size_t needed = 1;
    Phase phase = Phase::kFilling;
    std::set<NodeId> passed;  // with whom it was compared
    std::size_t source = 0;
    std::size_t tries = 0;     // of this sum
    std::uint64_t ask_id = 0;  // 0: none is under way
    Instant asked_at;          // or when it was filled once more
    Instant not_before;
  };
  using Targets = std::map<PartitionKey, Target>;

  void FollowOne(Moment now, PartitionKey key);
  void Advance(Moment now);
  void NextSource(Target& target);
  void PassSource(PartitionKey key, Target& target);

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  Refill& refill_;
  FillingOptions options_;
  Targets targets_;
  bool started_ = false;
  std::uint64_t view_ = 0;
  std::uint64_t last_id_ = 0;
  Instant next_ = kNever;
  FillingFigures figures_;
};

}  // namespace meridian::local
