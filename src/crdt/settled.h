// What a node (or a region) had seen a while ago: the part of a seen vector that is not in flight.
//
//     now - 0 s       now - 1..2 s
//     seen            settled          a peer that lacks a settled dot really lacks it;
//                                      one it lacks of the rest is probably on its way
//
// Two snapshots, advanced by a timer. Without this every write under load would look like a loss.

#pragma once

#include "crdt/seen_vector.h"

namespace meridian::crdt {

class Settled {
 public:
  // At every beat of the timer, with what is seen now and a number that changes with it.
  void Advance(const SeenVector& seen, std::uint64_t changed_at) {
    if (old_at_ != recent_at_) {
      old_ = recent_;
      old_at_ = recent_at_;
    }
    if (recent_at_ != changed_at) {
      recent_ = seen;
      recent_at_ = changed_at;
    }
  }
  // Everything seen so far counts as settled (at a start: nothing is in flight).
  void Reset(const SeenVector& seen, std::uint64_t changed_at) {
    old_ = recent_ = seen;
    old_at_ = recent_at_ = changed_at;
  }
  const SeenVector& vector() const { return old_; }

 private:
  SeenVector old_;
  SeenVector recent_;
  std::uint64_t old_at_ = 0;
  std::uint64_t recent_at_ = 0;
};

}  // namespace meridian::crdt
