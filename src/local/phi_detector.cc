#include "local/phi_detector.h"

#include <algorithm>
#include <cmath>

namespace meridian::local {
namespace {

constexpr double kNewestWeight = 1.0 / 16;  // of the newest interval
constexpr double kLn10 = 2.302585092994046;

}  // namespace

PhiDetector::PhiDetector(Instant now, Duration expected)
    : expected_(expected),
      last_(now),
      last_beat_(now),
      mean_(static_cast<double>(expected.count())),
      variance_(mean_ * mean_ / 4) {}

void PhiDetector::Beat(Instant now) {
  const Duration interval = now - last_beat_;
  last_beat_ = now;
  last_ = std::max(last_, now);
  if (interval < Duration{} || interval > 4 * expected_) return;
  const double off = static_cast<double>(interval.count()) - mean_;
  mean_ += kNewestWeight * off;
  variance_ = (1 - kNewestWeight) * (variance_ + kNewestWeight * off * off);
}

double PhiDetector::Phi(Instant now) const {
  const auto expected = static_cast<double>(expected_.count());
  const double deviation = std::max(std::sqrt(variance_), expected / 2);
  const double mean = std::max(mean_, expected);
  const double y = (static_cast<double>(Silence(now).count()) - mean) / deviation;
  return y <= 0 ? 0 : y * (1.5976 + 0.070566 * y * y) / kLn10;
}

}  // namespace meridian::local
