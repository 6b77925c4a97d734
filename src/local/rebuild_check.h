// Reads every row from disk at a pace and compares with the trees in memory: finds what changed
// behind the node's back, which no sum in memory can show.
//
//     position ──>  row row row | row row | row ...      some rows a step, so that turns stay short
//                   leaf 17       leaf 18
//     leaf's sum from disk != the tree's, or a row that cannot be read  ──> the leaf deviates
//
// A leaf may take several turns; what changes meanwhile before the position is added to its sum, so
// it is compared exactly, also under load. A pass over everything begins anew when it ends. When
// partitions come or go it keeps its place; of one that went it goes on with the next.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "local/audit_messages.h"
#include "local/replica.h"

namespace meridian::local {

struct RebuildOptions {
  // At its usual pace so many rows an interval; at full speed a step of so many follows another.
  std::size_t rows_per_step = 1000;
  std::size_t bytes_per_step = 1024 * 1024;
  Duration interval = std::chrono::seconds(1);
};

class RebuildCheck {
 public:
  // All outlive this.
  RebuildCheck(const Ring& ring, Turn& turn, Replica& replica, RebuildOptions options);

  void Start(Moment now) { next_step_ = now.monotonic + options_.interval; }
  // A pass from the first row on, at full speed.
  void Hurry(Moment now);
  bool hurries() const { return hurries_; }

  void Tick(Moment now);
  Instant NextDeadline() const { return next_step_; }

  // Leaves that were found to deviate since the last call.
  std::vector<LeafName> TakeDeviating() { return std::exchange(deviating_, {}); }

  std::uint64_t rows_read() const { return rows_read_; }
  std::uint64_t passes() const { return passes_; }
  // Partitions of the present pass that are done.
  std::size_t partitions_done() const { return partition_; }

 private:
  struct Step {
    std::size_t rows = 0;
    std::size_t bytes = 0;
    bool cut = false;
  };
  void OnChange(PartitionKey key, std::size_t leaf, ByteView storage_key, std::uint64_t change);
  void MoveTo(std::size_t partition);
  void FindPlace();
  void ReadSome(PartitionKey key, Step& step);
  void ReadRow(PartitionKey key, const Entry& entry);
  void CloseLeavesBelow(PartitionKey key, std::size_t leaf);

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  RebuildOptions options_;
  std::size_t partition_ = 0;            // index of what is being read
  std::optional<PartitionKey> reading_;  // its name; none: at the end of all
  Bytes position_;                       // rows of the partition below this are in the sums
  std::size_t leaf_ = 0;                 // the one whose sum is being made
  std::uint64_t sum_ = 0;
  bool unreadable_ = false;  // the leaf has such a row
  bool hurries_ = false;
  Instant next_step_ = kNever;
  std::vector<LeafName> deviating_;
  std::uint64_t rows_read_ = 0;
  std::uint64_t passes_ = 0;
};

}  // namespace meridian::local
