#include "wan/lag.h"

#include <algorithm>
#include <set>

namespace meridian::wan {
namespace {

constexpr Duration kFresh = std::chrono::seconds(3);
// A gateway that is this far behind another's word is gone.
constexpr Duration kGone = std::chrono::seconds(6);

}  // namespace

void Lag::OnBeat(Moment now, std::uint32_t gateway, const Beat& beat) {
  words_[gateway] = {beat, now};
  std::erase_if(words_,
                [&](const auto& word) { return now.monotonic - word.second.at.monotonic > kGone; });
  if (!complete_at_ || HasAllShares(now)) complete_at_ = now.monotonic;
}

// As many as anyone says there are.
bool Lag::HasAllShares(Moment now) const {
  std::uint32_t shares = 1;
  std::set<std::pair<std::uint32_t, std::uint32_t>> spoken_for;  // of how many, which
  for (const auto& [gateway, word] : words_) {
    if (now.monotonic - word.at.monotonic > kFresh) continue;
    shares = std::max(shares, word.beat.shares);
    spoken_for.emplace(word.beat.shares, word.beat.share);
  }
  return std::ranges::count(spoken_for, shares, [](const auto& one) { return one.first; }) >=
         shares;
}

void Lag::OnHeld(Moment now, crdt::Stamp stamp) {
  const std::int64_t age = Milliseconds(now.wall - stamp.wall());
  held_ms_.Add(static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0)));
}

LagNow Lag::Now(Moment now) const {
  LagNow lag;
  const Duration incomplete = complete_at_ ? now.monotonic - *complete_at_ : Duration{};
  if (incomplete > kFresh) {
    lag.unknown = true;
    lag.age = incomplete;
  }
  for (const auto& [gateway, word] : words_) {
    lag.heard = true;
    lag.mutations += word.beat.mutations;
    lag.bytes += word.beat.bytes;
    const Duration silent = now.monotonic - word.at.monotonic;
    lag.unknown = lag.unknown || silent > kFresh;
    if (word.beat.oldest_ms != 0) {
      const auto since = std::chrono::milliseconds(static_cast<std::int64_t>(word.beat.oldest_ms));
      lag.age = std::max(lag.age, now.wall - WallTime(since));
    } else if (silent > kFresh) {
      lag.age = std::max(lag.age, silent);
    }
  }
  return lag;
}

}  // namespace meridian::wan
