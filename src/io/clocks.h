// The real clocks; the one place where they are read.
//
// CLOCK_MONOTONIC and CLOCK_REALTIME as base/time.h wants them. A driver reads both once a turn and
// hands the Moment to its machine.

#pragma once

#include <chrono>

#include "base/time.h"

namespace meridian::io {

Moment Now();

// The same instant for timers of the C++ library and Asio. Requires instant != kNever.
std::chrono::steady_clock::time_point SteadyTime(Instant instant);

}  // namespace meridian::io
