// One get in flight: what each replica has, merged, and who turned out to be stale.
//
//     replicas here:  1 ─ row   2 ─ row   3        R of them
//     other regions:  eu ─ row  ap                 all of them, of an each_quorum get
//
// The core of a read, without the read. A replica that has no row reports an empty one: "I have
// nothing" is an answer. A region's row is what a quorum of its primaries knows. A digest answers
// for a replica that has the very row recorded first.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "crdt/row.h"

namespace meridian::local {

class ReadQuorum {
 public:
  enum class Verdict { kPending, kAnswered, kFailed };

  // Requires r >= 1.
  ReadQuorum(std::size_t r, crdt::Policy policy, std::vector<RegionId> regions = {})
      : r_(r), policy_(policy), regions_(std::move(regions)), missing_(regions_) {}

  // The same question, without the answers.
  ReadQuorum Anew() const { return ReadQuorum(r_, policy_, regions_); }
  // Repeats of one replica or region are ignored.
  void Record(NodeId from, crdt::Row row);
  void RecordRegion(RegionId from, const crdt::Row& row);
  // False when the replica's row is another, which is needed then. Requires an answer.
  bool RecordDigest(NodeId from, std::uint64_t digest);
  void RecordDeadline();

  // Final once it has left kPending.
  Verdict verdict() const { return verdict_; }
  std::size_t answers() const { return answers_.size(); }
  std::size_t needed() const { return r_; }
  bool HasAnswerOf(NodeId node) const;
  // Of the rows that are kept, roughly.
  std::size_t bytes() const { return bytes_; }
  // The regions that have not answered.
  const std::vector<RegionId>& missing() const { return missing_; }

  // Everything the answers know, joined.
  const crdt::Row& merged() const { return merged_; }
  // Replicas whose answer lacks something of `merged`.
  std::vector<NodeId> Stale() const;

 private:
  struct Answer {
    NodeId from;
    bool like_first = false;  // its row is that of the first answer, and not here
    crdt::Row row;
  };
  void Merge(const crdt::Row& row);
  void Decide();

  std::size_t r_;
  crdt::Policy policy_;
  std::vector<RegionId> regions_;
  std::vector<RegionId> missing_;
  std::vector<Answer> answers_;
  std::optional<std::uint64_t> digest_;  // of the first answer's row
  std::size_t bytes_ = 0;
  crdt::Row merged_;
  bool has_merged_ = false;
  Verdict verdict_ = Verdict::kPending;
};

}  // namespace meridian::local
