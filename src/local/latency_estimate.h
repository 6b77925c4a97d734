// How long answers of one peer take of late: the time that 95 of a hundred do not exceed.
//
//     Add(now, 0.7ms) ...  P95() -> 1.3 ms
//
// Counts in buckets four to an octave, so right within a fifth; all counts are halved every two
// seconds, so that what was slow a while ago is forgotten. Integers only: the same on every
// machine.

#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace meridian::local {

class LatencyEstimate {
 public:
  void Add(Instant now, Duration took);
  // Nothing before enough was added of late.
  std::optional<Duration> P95() const { return p95_; }

 private:
  void Forget(Instant now);
  void Compute();

  // Up to 2^25 us, half a minute.
  static constexpr std::size_t kBuckets = 100;
  std::array<std::uint32_t, kBuckets> counts_{};
  std::uint32_t total_ = 0;
  std::uint32_t added_ = 0;  // since p95_ was computed
  Instant halved_;
  std::optional<Duration> p95_;
};

}  // namespace meridian::local
