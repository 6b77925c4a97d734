// The virtual clock: what happens next, and when. Time jumps from event to event.
//
//     queue.After(20ms, [&] { network.Deliver(message); });
//     queue.RunUntil(queue.now() + 10s);
//
// Events of one instant happen in the order they were added, so a run is a function of its seed.

#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "base/time.h"

namespace meridian::sim {

class EventQueue {
 public:
  using Event = std::function<void()>;

  Instant now() const { return now_; }

  void At(Instant when, Event event) {
    events_.emplace(std::pair(std::max(when, now_), ++last_), std::move(event));
  }
  void After(Duration delay, Event event) { At(now_ + delay, std::move(event)); }

  // Runs all that is due up to then, also what that adds; it is `until` afterwards.
  void RunUntil(Instant until) {
    while (!events_.empty() && events_.begin()->first.first <= until) {
      auto next = events_.extract(events_.begin());
      now_ = next.key().first;
      next.mapped()();
    }
    now_ = until;
  }

 private:
  // Not zero: an Instant that nobody set must not look like the present.
  Instant now_{std::chrono::hours(1)};
  std::uint64_t last_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, Event> events_;
};

}  // namespace meridian::sim
