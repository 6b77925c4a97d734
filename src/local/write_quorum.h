// One put in flight: which nodes hold it durably, and whether that is enough.
//
//     primaries 1 2 3, W = 2       1 acks      AddStandIn(4)    4 refuses    AddStandIn(5)   5 acks
//                                  1 of 2                       1 of 2                       done
//
// The core of a write, without the write: no clock, socket or disk. Late answers are welcome after
// the verdict.

#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/ids.h"

namespace meridian::local {

class WriteQuorum {
 public:
  enum class Verdict { kPending, kAcked, kFailed };

  // `targets`: the N primaries. Requires 1 <= w <= targets.size().
  WriteQuorum(std::vector<NodeId> targets, std::size_t w);

  // While a partition moves: W of these as well, or all if they are fewer. They are its primaries
  // in the other layout, and a stand-in's copy counts for them, too.
  void AlsoRequire(const std::vector<NodeId>& targets);
  // A fallback is asked to keep the write for a primary; its copy counts like any other.
  void AddStandIn(NodeId node);
  // What holds under another layout of what was told `before`; after the other calls that ask. A
  // hint is no row of a node that is a primary now, and one that was a primary and is not stands in
  // for nobody, as reads do not ask it. `self`: the coordinator, whose copy may not be durable yet.
  void CarryOver(const WriteQuorum& before, NodeId self);
  // `from` holds the write durably. Repeats and strangers are ignored.
  void RecordAck(NodeId from);
  // A stand-in cannot keep it, so nothing is to be expected of it.
  void RecordRefusal(NodeId from);
  // Nothing more is waited for.
  void RecordDeadline();
  // Whether it could still be acked if, of those who have not answered, these all did.
  bool CanBeMet(const std::function<bool(NodeId)>& may_answer) const;

  // Final once it has left kPending.
  Verdict verdict() const { return verdict_; }
  // Of the targets that were given first, and of stand-ins.
  std::size_t acks() const { return acks_.targets; }
  // Who has answered that it holds the write.
  const std::vector<NodeId>& acked() const { return acked_; }
  bool IsAlsoRequired(NodeId node) const;
  // Whether its copy is a hint.
  bool IsStandIn(NodeId node) const;
  std::size_t needed() const { return w_; }
  // Primaries and stand-ins that have not answered.
  const std::vector<NodeId>& waiting() const { return waiting_; }
  // Whether the node was asked, whatever it said.
  bool WasAsked(NodeId node) const;

 private:
  struct Acks {
    std::size_t targets = 0;  // of targets_
    std::size_t also = 0;     // of also_, and of stand-ins
  };
  void Count(NodeId node, Acks& acks) const;
  bool IsMet(const Acks& acks) const;

  std::vector<NodeId> targets_;  // all that were asked, but for also_
  std::size_t primaries_;        // of targets_, at the front
  std::vector<NodeId> also_;
  std::vector<NodeId> waiting_;
  std::vector<NodeId> acked_;
  std::size_t w_;
  Acks acks_;
  Verdict verdict_ = Verdict::kPending;
};

}  // namespace meridian::local
