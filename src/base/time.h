// Time as the machines know it: handed down with every event, never read from a clock.
//
//     Instant    monotonic; for timers, deadlines and ages
//     WallTime   since 1970, UTC; may step either way; for stamps and expiry
//     Moment     both, at one event
//
// The two are separate types over a clock that does not exist, so neither can be mistaken for the
// other, nor made by anyone but a driver (src/io reads real clocks, src/sim counts its own).

#pragma once

#include <chrono>
#include <cstdint>

namespace meridian {

using Duration = std::chrono::microseconds;
using Instant = std::chrono::time_point<struct MonotonicTag, Duration>;
using WallTime = std::chrono::time_point<struct WallTag, Duration>;

struct Moment {
  Instant monotonic;
  WallTime wall;
};

// A deadline that never comes.
inline constexpr Instant kNever = Instant::max();

inline std::int64_t Milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace meridian
