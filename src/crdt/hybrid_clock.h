// Stamps that follow causality as well as the wall clock: 48 bits of milliseconds, 16 of count.
//
//     wall 12:00:00.005            -> 12:00:00.005|0
//     wall steps back to 11:59     -> 12:00:00.005|1    never backwards in one process
//     the row holds 12:07:00.000|3 -> 12:07:00.000|4    rule 7: above everything it replaces
//
// A stamp from a clock that is far ahead is exceeded on its own row only; it does not drag this
// clock along, so one bad clock does not decide every later conflict.
// Source: Kulkarni et al., "Logical physical clocks", 2014.

#pragma once

#include <compare>
#include <cstdint>

#include "base/time.h"

namespace meridian::crdt {

struct Stamp {
  std::uint64_t packed = 0;  // milliseconds since 1970 : 48 bits | count : 16 bits

  static Stamp Of(WallTime wall);
  std::int64_t milliseconds() const { return static_cast<std::int64_t>(packed >> 16); }
  WallTime wall() const { return WallTime(std::chrono::milliseconds(milliseconds())); }

  friend auto operator<=>(const Stamp&, const Stamp&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(packed);
  }
};

class HybridClock {
 public:
  // `drift_max`: how far past the wall clock a stamp may pull this clock.
  explicit HybridClock(Duration drift_max) : drift_max_(drift_max) {}

  // The stamp of a mutation minted now, above `floor` and, unless the floor is past the drift
  // bound, above every stamp given before.
  Stamp Next(WallTime now, Stamp floor);

 private:
  Duration drift_max_;
  Stamp last_;
};

}  // namespace meridian::crdt
