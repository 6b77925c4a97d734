// How long things took: a histogram with log-linear buckets, as HdrHistogram's.
//
//     0 .. 127          one bucket a value
//     128 .. 255        128 buckets of width 1
//     256 .. 511        128 buckets of width 2, and so on, doubling
//
// so every percentile is right within 1/128 (0.8 %) whatever the scale, in 60 KB. The unit is the
// caller's (the bench counts nanoseconds). Two histograms of the same unit can be merged.

#pragma once

#include <cstdint>
#include <vector>

namespace meridian {

class Histogram {
 public:
  Histogram();

  void Add(std::uint64_t value);
  void Merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  double Mean() const;

  // The smallest bucket bound that at least `percent` of the values do not exceed; never above
  // max(). 0 when nothing was added. Requires 0 <= percent <= 100.
  std::uint64_t Percentile(double percent) const;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace meridian
