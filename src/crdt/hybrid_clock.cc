#include "crdt/hybrid_clock.h"

#include <algorithm>

namespace meridian::crdt {

Stamp Stamp::Of(WallTime wall) {
  const std::int64_t count = Milliseconds(wall.time_since_epoch());
  return {static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0)) << 16};
}

Stamp HybridClock::Next(WallTime now, Stamp floor) {
  const Stamp ours = std::max(Stamp::Of(now), Stamp{last_.packed + 1});
  if (floor < ours) return last_ = ours;
  const Stamp above{floor.packed + 1};
  if (above.wall() <= now + drift_max_) last_ = above;
  return above;
}

}  // namespace meridian::crdt
