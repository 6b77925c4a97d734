#include "local/latency_estimate.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace meridian::local {
namespace {

constexpr Duration kHalfLife = std::chrono::seconds(2);
// One sample, so that halving leaves something of it for a while.
constexpr std::uint32_t kSampleWeight = 64;
constexpr std::uint32_t kFewest = 20 * kSampleWeight;
constexpr std::uint32_t kAddsPerCompute = 16;

std::size_t BucketOf(std::uint64_t micros) {
  if (micros < 4) return static_cast<std::size_t>(micros);
  const auto octave = static_cast<unsigned>(std::bit_width(micros)) - 1;
  return 4 * (octave - 1) + ((micros >> (octave - 2)) & 3U);
}

// The least value above the bucket.
std::uint64_t BoundOf(std::size_t bucket) {
  if (bucket < 4) return bucket + 1;
  const std::size_t octave = bucket / 4 + 1;
  return (5 + std::uint64_t{bucket % 4}) << (octave - 2);
}

}  // namespace

void LatencyEstimate::Add(Instant now, Duration took) {
  Forget(now);
  const auto micros = static_cast<std::uint64_t>(std::max<Duration::rep>(took.count(), 0));
  counts_[std::min(BucketOf(micros), kBuckets - 1)] += kSampleWeight;
  total_ += kSampleWeight;
  if (!p95_ || ++added_ >= kAddsPerCompute) Compute();
}

void LatencyEstimate::Forget(Instant now) {
  if (total_ == 0) halved_ = now;
  const auto times = std::min<Duration::rep>((now - halved_) / kHalfLife, 31);
  if (times == 0) return;
  halved_ = now;
  total_ = 0;
  for (std::uint32_t& count : counts_) total_ += count >>= times;
  Compute();
}

void LatencyEstimate::Compute() {
  added_ = 0;
  p95_ = std::nullopt;
  if (total_ < kFewest) return;
  std::uint32_t above = 0;
  std::size_t bucket = kBuckets;
  while (above <= total_ / 20 && bucket > 0) above += counts_[--bucket];
  p95_ = Duration(static_cast<Duration::rep>(BoundOf(bucket)));
}

}  // namespace meridian::local
