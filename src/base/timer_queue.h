// Deadlines of many operations, most of which end before theirs.
//
// Arm only pushes; an operation that has ended is met again when its time comes and ignored by the
// owner. Times are rounded up to a grid, so that a thousand operations cost one wake-up.

#pragma once

#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

#include "base/time.h"

namespace meridian {

class TimerQueue {
 public:
  void Arm(Instant due, std::uint64_t id) { heap_.push({RoundUp(due), id}); }

  // When DueBy is next worth calling; kNever when nothing is armed.
  Instant Next() const { return heap_.empty() ? kNever : heap_.top().first; }

  // Takes every id whose time has come, in order.
  std::vector<std::uint64_t> DueBy(Instant now) {
    std::vector<std::uint64_t> due;
    for (; !heap_.empty() && heap_.top().first <= now; heap_.pop())
      due.push_back(heap_.top().second);
    return due;
  }

 private:
  static constexpr Duration kGrid = std::chrono::milliseconds(20);
  static Instant RoundUp(Instant due) {
    const Duration since = due.time_since_epoch();
    return Instant((since + kGrid - Duration(1)) / kGrid * kGrid);
  }

  using Item = std::pair<Instant, std::uint64_t>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> heap_;
};

}  // namespace meridian
