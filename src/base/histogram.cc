#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace meridian {
namespace {

constexpr unsigned kLinearBits = 7;
constexpr std::uint64_t kLinear = 1U << kLinearBits;
constexpr std::size_t kBuckets = (64 - kLinearBits + 1) * kLinear;

// How far values of this size are shifted to leave 8 significant bits.
unsigned ShiftOf(std::uint64_t value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  return width <= kLinearBits + 1 ? 0 : width - kLinearBits - 1;
}

std::size_t BucketOf(std::uint64_t value) {
  const unsigned shift = ShiftOf(value);
  return shift * kLinear + (value >> shift);
}

// The largest value of a bucket.
std::uint64_t BoundOf(std::size_t bucket) {
  if (bucket < 2 * kLinear) return bucket;
  const std::size_t shift = bucket / kLinear - 1;
  const std::uint64_t top = bucket - shift * kLinear;
  return (top << shift) + ((std::uint64_t{1} << shift) - 1);
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::Add(std::uint64_t value) {
  ++buckets_[BucketOf(value)];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void Histogram::Merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double Histogram::Mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t Histogram::Percentile(double percent) const {
  MERIDIAN_CHECK(percent >= 0 && percent <= 100);
  const double share = std::ceil(static_cast<double>(count_) * percent / 100);
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(share));
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    passed += buckets_[i];
    if (passed >= wanted) return std::min(BoundOf(i), max_);
  }
  return max_;
}

}  // namespace meridian
