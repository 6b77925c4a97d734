// The bounds a coordinator keeps, and its patience.

#pragma once

#include <cstddef>

#include "base/time.h"

namespace meridian::local {

// Silent replicas are asked or sent again after each of these parts of the timeout; after so many
// of them others stand in.
inline constexpr int kStepsPerTimeout = 4;
inline constexpr int kStepsUntilStandIns = 2;

struct CoordinatorOptions {
  std::size_t in_flight_max = 8192;
  std::size_t bytes_max = 128 << 20;  // of the rows of all operations in flight
  unsigned hedge_percent = 5;         // of read requests, sent in addition; 0: no hedges
  std::size_t siblings_max = 100;
  // Of a row with siblings: it must fit a message between regions, which carries 8 MiB, also after
  // the joins with what other nodes mint meanwhile.
  std::size_t row_bytes_max = 6 << 20;
  Duration clock_drift_max = std::chrono::seconds(5);
};

}  // namespace meridian::local
