// One put in flight: which nodes hold it durably, and whether that is enough.
//
//     primaries 1 2 3, W = 2       1 acks      AddStandIn(4)    4 refuses    AddStandIn(5)   5 acks
//                                  1 of 2                       1 of 2                       done
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

  // A fallback is asked to keep the write for a primary; its copy counts like any other.
  void AddStandIn(NodeId node);
  // `from` holds the write durably. Repeats and strangers are ignored.
  void RecordAck(NodeId from);
  // A stand-in cannot keep it, so nothing is to be expected of it.
  void RecordRefusal(NodeId from);
  // Nothing more is waited for.
  void RecordDeadline();

  // Final once it has left kPending.
  Verdict verdict() const { return verdict_; }
  std::size_t acks() const { return acks_; }
  std::size_t needed() const { return w_; }
  // Primaries and stand-ins that have not answered.
  const std::vector<NodeId>& waiting() const { return waiting_; }
  // Whether the node was asked, whatever it said.
  bool WasAsked(NodeId node) const;

 private:
  std::vector<NodeId> targets_;
  std::vector<NodeId> waiting_;
  std::size_t w_;
  std::size_t acks_ = 0;
  Verdict verdict_ = Verdict::kPending;
};

}  // namespace meridian::local
