// One put in flight: which primaries hold it durably, and whether that is enough.
//
// The core of a write, without the write: no clock, socket or disk. Late answers are welcome after
// the verdict.

#pragma once

#include <cstddef>
#include <vector>

#include "base/ids.h"

namespace meridian::local {

class WriteQuorum {
 public:
  enum class Verdict { kPending, kAcked, kFailed };

  // `targets`: the N primaries. Requires 1 <= w <= targets.size().
  WriteQuorum(std::vector<NodeId> targets, std::size_t w);

  // `from` holds the write durably. Repeats and strangers are ignored.
  void RecordAck(NodeId from);
  // Nothing more is waited for.
  void RecordDeadline();

  // Final once it has left kPending.
  Verdict verdict() const { return verdict_; }
  std::size_t acks() const { return targets_.size() - waiting_.size(); }
  std::size_t needed() const { return w_; }
  // Primaries that have not answered.
  const std::vector<NodeId>& waiting() const { return waiting_; }

 private:
  std::vector<NodeId> targets_;
  std::vector<NodeId> waiting_;
  std::size_t w_;
  Verdict verdict_ = Verdict::kPending;
};

}  // namespace meridian::local
