#include "local/patience.h"

#include <algorithm>

namespace meridian::local {
namespace {

constexpr Duration kWindow = std::chrono::seconds(10);
// No request waits longer, so this is a clock that jumped, or a machine that slept.
constexpr std::int64_t kOldestMs = 60'000;

std::int64_t MillisecondsOf(Instant instant) {
  return Milliseconds(instant.time_since_epoch());
}

}  // namespace

Patience Patience::Until(Instant now, Instant deadline) {
  const std::int64_t left = std::clamp<std::int64_t>(Milliseconds(deadline - now), 1, kOldestMs);
  return {static_cast<std::uint64_t>(MillisecondsOf(now)), static_cast<std::uint32_t>(left)};
}

std::int64_t RequestAges::AgeMs(Instant now, ProcessId from, std::uint64_t life,
                                std::int64_t difference) {
  const auto [at, is_new] = quickest_.try_emplace(from);
  Quickest& quickest = at->second;
  const bool silent = now - quickest.since >= 2 * kWindow;
  if (is_new || quickest.life != life || silent) quickest = {life, now, difference, difference};
  if (now - quickest.since >= kWindow) {
    quickest = {life, now, difference, quickest.now_ms};
  }
  quickest.now_ms = std::min(quickest.now_ms, difference);
  const std::int64_t age = difference - std::min(quickest.now_ms, quickest.before_ms);
  if (age <= kOldestMs) return age;
  quickest = {life, now, difference, difference};
  return 0;
}

std::optional<Duration> RequestAges::Left(Instant now, ProcessId from, std::uint64_t life,
                                          const Patience& patience) {
  if (patience.left_ms == 0) return kForever;
  const std::int64_t difference = MillisecondsOf(now) - static_cast<std::int64_t>(patience.sent_ms);
  const std::int64_t left =
      static_cast<std::int64_t>(patience.left_ms) - AgeMs(now, from, life, difference);
  if (left > 0) return std::chrono::milliseconds(left);
  ++expired_;
  return std::nullopt;
}

}  // namespace meridian::local
