#include "crdt/hybrid_clock.h"

#include <algorithm>

namespace meridian::crdt {
namespace {

constexpr std::int64_t kMillisecondsMax = (std::int64_t{1} << 48) - 1;  // the year 10889

// Nothing is above the highest, which no clock gives: staying there loses one tie, wrapping would
// lose every later write.
Stamp Above(Stamp stamp) {
  return {stamp.packed + (stamp.packed == UINT64_MAX ? 0 : 1)};
}

}  // namespace

Stamp Stamp::Of(WallTime wall) {
  const std::int64_t count = Milliseconds(wall.time_since_epoch());
  return {static_cast<std::uint64_t>(std::clamp<std::int64_t>(count, 0, kMillisecondsMax)) << 16};
}

Stamp HybridClock::Next(WallTime now, Stamp floor) {
  const Stamp ours = std::max(Stamp::Of(now), Above(last_));
  if (floor < ours) return last_ = ours;
  const Stamp above = Above(floor);
  if (above.wall() <= now + drift_max_) last_ = above;
  return above;
}

}  // namespace meridian::crdt
