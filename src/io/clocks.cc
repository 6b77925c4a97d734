#include "io/clocks.h"

#include "base/check.h"

namespace meridian::io {

// On Linux steady_clock is CLOCK_MONOTONIC and system_clock is CLOCK_REALTIME.
Moment Now() {
  const auto steady = std::chrono::steady_clock::now().time_since_epoch();
  const auto system = std::chrono::system_clock::now().time_since_epoch();
  return {Instant(std::chrono::duration_cast<Duration>(steady)),
          WallTime(std::chrono::duration_cast<Duration>(system))};
}

std::chrono::steady_clock::time_point SteadyTime(Instant instant) {
  MERIDIAN_CHECK(instant != kNever);
  return std::chrono::steady_clock::time_point(instant.time_since_epoch());
}

}  // namespace meridian::io
