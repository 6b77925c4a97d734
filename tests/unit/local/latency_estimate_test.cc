#include "local/latency_estimate.h"

#include <gtest/gtest.h>

namespace meridian::local {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

Instant InstantOf(std::int64_t ms) {
  return Instant(milliseconds(ms));
}

void Add(LatencyEstimate& estimate, int count, Duration took, std::int64_t at_ms = 0) {
  for (int i = 0; i < count; ++i) estimate.Add(InstantOf(at_ms), took);
}

TEST(LatencyEstimateTest, SaysNothingBeforeTwentyAnswers) {
  LatencyEstimate estimate;
  Add(estimate, 19, milliseconds(1));
  EXPECT_EQ(estimate.P95(), std::nullopt);
  Add(estimate, 1, milliseconds(1));
  EXPECT_TRUE(estimate.P95());
}

TEST(LatencyEstimateTest, IsRightWithinAFifthOnEveryScale) {
  for (const std::int64_t micros : {1, 3, 5, 90, 700, 5'000, 64'000, 999'999, 20'000'000}) {
    LatencyEstimate estimate;
    Add(estimate, 100, microseconds(micros));
    ASSERT_TRUE(estimate.P95());
    EXPECT_GT(estimate.P95()->count(), micros);
    EXPECT_LE(estimate.P95()->count(), micros + std::max<std::int64_t>(1, micros / 4)) << micros;
  }
}

TEST(LatencyEstimateTest, OneOfTwentyMayBeSlowerAndTwoMayNot) {
  LatencyEstimate estimate;
  Add(estimate, 95, milliseconds(1));
  Add(estimate, 5, milliseconds(80));
  EXPECT_LT(*estimate.P95(), milliseconds(2));
  Add(estimate, 16, milliseconds(80));
  EXPECT_GT(*estimate.P95(), milliseconds(80));
}

TEST(LatencyEstimateTest, WhatWasSlowIsForgotten) {
  LatencyEstimate estimate;
  Add(estimate, 100, milliseconds(80));
  Add(estimate, 100, milliseconds(1), 1000);
  EXPECT_GT(*estimate.P95(), milliseconds(80));
  for (int second = 2; second < 14; ++second) Add(estimate, 50, milliseconds(1), second * 1000);
  EXPECT_LT(*estimate.P95(), milliseconds(2));
}

TEST(LatencyEstimateTest, WhatIsOldSaysNothing) {
  LatencyEstimate estimate;
  Add(estimate, 100, milliseconds(80));
  Add(estimate, 1, milliseconds(1), 60'000);
  EXPECT_EQ(estimate.P95(), std::nullopt);
}

}  // namespace
}  // namespace meridian::local
