// The partition logs of a node and the seen vectors they add up to.
//
//     log row    placement (2) | partition (2) | actor (8) | sequence (8)  ->  which row
//     meta row   "seen" | placement (2) | partition (2)                    ->  seen vector,
//     checkpoint
//
// A log row says "this dot was applied here, to that row" and holds no value: what is shipped is
// the row's present state, so hot keys conflate by themselves. Vectors live in memory; a checkpoint
// spares the next start most of the log. Both are written in the batch of the data they speak of,
// so after a crash log, vector and data agree.

#pragma once

#include <cstdint>
#include <vector>

#include "base/turn.h"
#include "crdt/row_update.h"
#include "crdt/seen_vector.h"
#include "local/ring.h"

namespace meridian::local {

// Keeps something that is exact only together with a log: its own checkpoint is in the batch of the
// log's, and what changed since then is what the log's tail names.
class LogFollower {
 public:
  virtual ~LogFollower() = default;
  // While loading: the checkpoint of this partition has a vector with this digest. False: what is
  // kept beside it is not of that checkpoint, so another one is wanted.
  virtual bool OnCheckpointRead(PartitionKey key, std::uint64_t digest) = 0;
  // While loading: since then this row took a dot. Empty: the log row cannot be read.
  virtual void OnTail(PartitionKey key, ByteView storage_key) = 0;
  // A checkpoint is being written in this turn.
  virtual void OnCheckpoint(PartitionKey key, std::uint64_t digest) = 0;
};

class PartitionLog {
 public:
  // All outlive this. No follower: nobody is told.
  PartitionLog(const Ring& ring, Turn& turn, LogFollower* follower = nullptr);

  // Reads checkpoints and the logs' tails. Once, before anything else.
  void Load();

  // The partitions whose rows are kept here, ascending: at first those this node is written.
  const std::vector<PartitionKey>& partitions() const { return keys_; }
  bool Holds(PartitionKey key) const { return Find(key) != nullptr; }

  // Begins with one more, from what the disk has of it; nothing when it is kept already. Or from
  // nothing, while what the disk has is being erased in this turn.
  void Add(PartitionKey key, bool from_nothing = false);
  // Keeps it no longer. Its rows, log and checkpoint are the caller's to erase.
  void Forget(PartitionKey key);

  // Requires Holds(key), as do all below.
  const crdt::SeenVector& Seen(PartitionKey key) const { return At(key).seen; }
  std::uint64_t Digest(PartitionKey key) const;

  // Marks the dot as applied to the row and logs it. False, and nothing is done, when it was
  // before.
  bool Record(PartitionKey key, const crdt::Dot& dot, ByteView storage_key);

  // Counts every change of any vector, loading one too; ChangedAt is the count at a partition's
  // last change, 0 while it is empty.
  std::uint64_t changes() const { return changes_; }
  std::uint64_t ChangedAt(PartitionKey key) const { return At(key).changed_at; }

  // A partition that is being filled lacks rows which this node is believed to hold: it takes
  // writes, and must not be read from (rule 9). Remembered over restarts. MarkFilled counts as a
  // change, so that whoever follows the partition looks at it again. IsFilling of a partition that
  // is not held is false.
  void MarkFilling(PartitionKey key);
  void MarkFilled(PartitionKey key);
  bool IsFilling(PartitionKey key) const {
    const State* state = Find(key);
    return state != nullptr && state->filling;
  }

  // Writes the vectors that changed since the last checkpoint; of every `parts`-th partition from
  // `part` on, so that a timer can spread them.
  void Checkpoint(std::size_t part = 0, std::size_t parts = 1);

  struct Slice {
    std::vector<crdt::RowUpdate> rows;
    std::size_t bytes = 0;      // of `rows`, roughly
    std::uint64_t orphans = 0;  // dots whose data row is missing: not in `rows`, counted
    bool more = false;          // a limit was reached before all wanted dots were read
  };
  static constexpr std::size_t kDotsPerRead = 4096;
  // Appends the rows of the wanted dots that are logged here, until the slice has about
  // `bytes_max`. No more than `dots_max` are looked at at a time: it bounds memory whatever is
  // wanted. While all of those are orphans the next are looked at, eight times at most, so that
  // what lies behind a row that is gone is found.
  void Read(PartitionKey key, const crdt::SeenVector& wanted, std::size_t bytes_max, Slice& slice,
            std::size_t dots_max = kDotsPerRead) const;

 private:
  struct State {
    crdt::SeenVector seen;
    std::uint64_t changed_at = 0;
    std::uint64_t checkpointed_at = 0;
    bool filling = false;
    mutable std::uint64_t digest = 0;
    mutable std::uint64_t digest_at = UINT64_MAX;  // `changed_at` when it was computed
  };
  struct Logged;
  const State* Find(PartitionKey key) const;
  const State& At(PartitionKey key) const;
  State& At(PartitionKey key) { return const_cast<State&>(std::as_const(*this).At(key)); }
  void LoadOne(PartitionKey key, State& state);
  // Whether the log had dots that the checkpoint has not.
  bool LoadTail(PartitionKey key, State& state);
  void AppendRows(const Logged& logged, std::size_t bytes_max, Slice& slice) const;

  Turn& turn_;
  LogFollower* follower_;
  std::vector<PartitionKey> keys_;  // ascending
  std::vector<State> states_;       // of keys_
  std::uint64_t changes_ = 0;
  bool loaded_ = false;
};

}  // namespace meridian::local
