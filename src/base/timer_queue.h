// Deadlines of many operations, most of which end before theirs.
//
//     20 ms [ 7 8 ]   40 ms [ 9 ]   1260 ms [ 10 11 12 ... ]        Arm(1251 ms, 13)
//
// Arm only pushes; an operation that has ended is met again when its time comes and ignored by the
// owner. Times are rounded up to a grid, so that a thousand operations cost one wake-up, and one
// place in an order.

#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/time.h"

namespace meridian {

class TimerQueue {
 public:
  void Arm(Instant due, std::uint64_t id) { due_[RoundUp(due)].push_back(id); }

  // When DueBy is next worth calling; kNever when nothing is armed.
  Instant Next() const { return due_.empty() ? kNever : due_.begin()->first; }

  // Takes every id whose time has come, in the order of their times; of one time, as they were
  // armed.
  std::vector<std::uint64_t> DueBy(Instant now) {
    std::vector<std::uint64_t> ids;
    for (; !due_.empty() && due_.begin()->first <= now; due_.erase(due_.begin())) {
      const std::vector<std::uint64_t>& next = due_.begin()->second;
      ids.insert(ids.end(), next.begin(), next.end());
    }
    return ids;
  }

 private:
  static constexpr Duration kGrid = std::chrono::milliseconds(20);
  static Instant RoundUp(Instant due) {
    const Duration since = due.time_since_epoch();
    return Instant((since + kGrid - Duration(1)) / kGrid * kGrid);
  }

  std::map<Instant, std::vector<std::uint64_t>> due_;
};

}  // namespace meridian
