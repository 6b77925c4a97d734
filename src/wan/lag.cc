#include "wan/lag.h"

#include <algorithm>

namespace meridian::wan {
namespace {

constexpr Duration kFresh = std::chrono::seconds(3);

}  // namespace

void Lag::OnBeat(Moment now, const Beat& beat) {
  beat_ = beat;
  beat_at_ = now;
}

void Lag::OnHeld(Moment now, crdt::Stamp stamp) {
  const std::int64_t age = Milliseconds(now.wall - stamp.wall());
  held_ms_.Add(static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0)));
}

LagNow Lag::Now(Moment now) const {
  LagNow lag;
  if (!beat_) return lag;
  lag.heard = true;
  lag.mutations = beat_->mutations;
  lag.bytes = beat_->bytes;
  lag.unknown = now.monotonic - beat_at_.monotonic > kFresh;
  if (beat_->oldest_ms != 0) {
    const auto since = std::chrono::milliseconds(static_cast<std::int64_t>(beat_->oldest_ms));
    lag.age = std::max(Duration{}, now.wall - WallTime(since));
  } else if (lag.unknown) {
    lag.age = now.monotonic - beat_at_.monotonic;
  }
  return lag;
}

}  // namespace meridian::wan
