// One get in flight: what each replica has, merged, and who turned out to be stale.
//
// The core of a read, without the read. A replica that has no row reports an empty one: "I have
// nothing" is an answer.

#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "crdt/row.h"

namespace meridian::local {

class ReadQuorum {
 public:
  enum class Verdict { kPending, kAnswered, kFailed };

  // Requires r >= 1.
  ReadQuorum(std::size_t r, crdt::Policy policy) : r_(r), policy_(policy) {}

  // Repeats of one replica are ignored.
  void Record(NodeId from, crdt::Row row);
  void RecordDeadline();

  // Final once it has left kPending.
  Verdict verdict() const { return verdict_; }
  std::size_t answers() const { return answers_.size(); }
  std::size_t needed() const { return r_; }
  bool HasAnswerOf(NodeId node) const;

  // Everything the answers know, joined.
  const crdt::Row& merged() const { return merged_; }
  // Replicas whose answer lacks something of `merged`.
  std::vector<NodeId> Stale() const;

 private:
  std::size_t r_;
  crdt::Policy policy_;
  std::vector<std::pair<NodeId, crdt::Row>> answers_;
  crdt::Row merged_;
  Verdict verdict_ = Verdict::kPending;
};

}  // namespace meridian::local
