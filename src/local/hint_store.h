// Hints: writes that this node, a fallback, keeps for primaries that could not be had.
//
//     hint   the row's storage key -> since, needed, row, listed, absent
//
// Outside this node's log and seen vectors: it is no replica of these partitions. A second hint of
// a row is joined with the first; dots that no longer show are listed, so that the primaries will
// mark them as seen (rule 3). Bounded in bytes: what does not fit is refused, and says so. Counts
// and bytes are exact, also after a restart.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/turn.h"
#include "crdt/row_update.h"
#include "crdt/seen_vector.h"
#include "local/dirty_filter.h"
#include "local/ring.h"

namespace meridian::local {

struct Hint {
  std::uint64_t since_ms = 0;  // wall time when the first of it was kept
  std::uint32_t needed = 0;    // the highest W of the puts in it (rule 8)
  crdt::Row row;
  crdt::SeenVector listed;     // dots of the row that it no longer shows
  std::vector<NodeId> absent;  // the primaries that it was kept for, ascending; for operators

  template <class Archive>
  void serialize(Archive& archive) {
    archive(since_ms, needed, row, listed, absent);
  }
};

struct HintOptions {
  std::uint64_t bytes_max = std::uint64_t{1} << 30;  // of keys and values
};

struct HintCounters {
  std::uint64_t kept = 0;  // writes that were kept
  std::uint64_t refused = 0;
  std::uint64_t handed_over = 0;  // hints that W primaries hold now
};

Result<Hint> DecodeHint(ByteView bytes);

// How many hints of a kind there are, how large they are, how old the oldest is.
class HintTally {
 public:
  void Add(std::size_t bytes, std::uint64_t since_ms);
  void Remove(std::size_t bytes, std::uint64_t since_ms);

  std::uint64_t rows() const { return rows_; }
  std::uint64_t bytes() const { return bytes_; }
  // When the oldest was kept, to the second; none when there are none.
  std::optional<std::uint64_t> oldest_ms() const;

 private:
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  std::map<std::uint64_t, std::uint64_t> rows_since_;  // by second, hints kept since then
};

class HintStore {
 public:
  // A hint as it was when read.
  struct Stored {
    Bytes storage_key;
    std::uint64_t digest = 0;  // changes with the hint
    std::size_t bytes = 0;
    Hint hint;
  };

  // Both outlive this.
  HintStore(const Ring& ring, Turn& turn, HintOptions options)
      : ring_(ring), turn_(turn), options_(options) {}

  // Counts what is on the disk. Once, before anything else.
  void Load();

  // Keeps the row for the absent primaries; false when there is no room for it.
  bool Keep(Moment now, const crdt::RowUpdate& update, std::size_t needed,
            const std::vector<NodeId>& absent = {});
  // What this node minted itself, having looked for room before.
  void KeepOwn(Moment now, const crdt::RowUpdate& update, std::size_t needed,
               const std::vector<NodeId>& absent = {});
  bool HasRoomFor(std::size_t bytes) const {
    return !disk_is_full_ && total_.bytes() + bytes <= options_.bytes_max;
  }
  // The disk has little room or none: no hint is kept.
  void SetDiskFull(bool full) { disk_is_full_ = full; }

  // None: nothing of this row is kept here, which says nothing about the row.
  std::optional<Hint> Find(const crdt::RowKey& key, Token token) const;
  // What an answer that shows this hint must wait for; 0: nothing.
  BatchId DurabilityOf(Token token) const { return turn_.Unless(dirty_.LastWrite(token)); }

  // Hints of a partition from `from` on (empty: its first), until about `bytes_max`.
  std::vector<Stored> Read(PartitionKey key, const Bytes& from, std::size_t bytes_max) const;
  // Drops the hint unless it has changed since it was read. True when it is gone.
  bool Drop(const Stored& hint);

  const HintTally& total() const { return total_; }
  // Hints of each partition of which something is kept, ascending.
  const std::map<PartitionKey, std::uint64_t>& partitions() const { return partitions_; }
  // By primary that they were kept for; one hint may be for several.
  const std::map<NodeId, HintTally>& targets() const { return targets_; }
  const HintCounters& counters() const { return counters_; }

 private:
  bool KeepWithin(std::uint64_t bytes_max, Moment now, const crdt::RowUpdate& update,
                  std::size_t needed, const std::vector<NodeId>& absent);
  void AddAbsent(PartitionKey key, const std::vector<NodeId>& absent, Hint& hint) const;
  PartitionKey PartitionOfKey(ByteView storage_key) const;
  void Count(PartitionKey key, std::size_t bytes, const Hint& hint);
  void Discount(PartitionKey key, std::size_t bytes, const Hint& hint);

  const Ring& ring_;
  Turn& turn_;
  HintOptions options_;
  bool disk_is_full_ = false;
  DirtyFilter dirty_;
  HintTally total_;
  std::map<PartitionKey, std::uint64_t> partitions_;
  std::map<NodeId, HintTally> targets_;
  HintCounters counters_;
};

}  // namespace meridian::local
