#include "local/patience.h"

#include <algorithm>

namespace meridian::local {
namespace {

constexpr Duration kWindow = std::chrono::seconds(10);
// No request waits longer, so this is a clock that jumped, or a machine that slept.
constexpr std::int64_t kOldestMs = 60'000;
// So long a queue lasts, of requests that are dropped; and who is this quick was in none.
constexpr Duration kQueueMost = std::chrono::seconds(1);
constexpr std::int64_t kSoonMs = 500;

std::int64_t SenderMilliseconds(Instant instant) {
  return Milliseconds(instant.time_since_epoch());
}

// Of figures that a message may have made up: they wrap.
std::int64_t Difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace

Patience Patience::Until(Instant now, Instant deadline) {
  const std::int64_t left = std::clamp<std::int64_t>(Milliseconds(deadline - now), 1, kOldestMs);
  return {static_cast<std::uint64_t>(SenderMilliseconds(now)), static_cast<std::uint32_t>(left)};
}

std::int64_t RequestAges::AgeMs(Instant now, Quickest& quickest, std::uint64_t life,
                                std::int64_t difference) {
  const bool silent = now - quickest.since >= 2 * kWindow;
  const bool jumped = quickest.late_since && now - *quickest.late_since >= kQueueMost;
  if (quickest.life != life || silent) quickest = {life, now, difference, difference, {}};
  if (now - quickest.since >= kWindow) {
    quickest = {life, now, difference, quickest.now_ms, quickest.late_since};
  }
  quickest.now_ms = std::min(quickest.now_ms, difference);
  const std::int64_t age = Difference(difference, std::min(quickest.now_ms, quickest.before_ms));
  if (age >= 0 && age <= kSoonMs) quickest.late_since.reset();
  if (age >= 0 && age <= kOldestMs && !(age > kSoonMs && jumped)) return age;
  quickest = {life, now, difference, difference, {}};
  return 0;
}

std::optional<Duration> RequestAges::Left(Instant now, ProcessId from, std::uint64_t life,
                                          const Patience& patience) {
  if (patience.left_ms == 0) return kForever;
  const std::int64_t difference =
      Difference(SenderMilliseconds(now), static_cast<std::int64_t>(patience.sent_ms));
  Quickest& quickest =
      quickest_.try_emplace(from, Quickest{life, now, difference, difference, {}}).first->second;
  const std::int64_t left =
      static_cast<std::int64_t>(patience.left_ms) - AgeMs(now, quickest, life, difference);
  if (left > 0) return std::chrono::milliseconds(left);
  if (!quickest.late_since) quickest.late_since = now;
  ++expired_;
  return std::nullopt;
}

}  // namespace meridian::local
