#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace meridian {
namespace {

TEST(HistogramTest, NothingAddedIsAllZero) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0U);
  EXPECT_EQ(empty.Percentile(99), 0U);
  EXPECT_EQ(empty.max(), 0U);
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.Add(value);
  EXPECT_EQ(histogram.Percentile(0), 1U);
  EXPECT_EQ(histogram.Percentile(50), 50U);
  EXPECT_EQ(histogram.Percentile(99), 99U);
  EXPECT_EQ(histogram.Percentile(100), 100U);
}

TEST(HistogramTest, PercentilesOfAnyScaleAreWithinOnePercent) {
  Random random(7);
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t value = random.Next() >> random.Below(64);
    values.push_back(value);
    histogram.Add(value);
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9}) {
    const auto rank = static_cast<std::size_t>(20000 * percent / 100 - 0.5);
    const auto exact = static_cast<double>(values[rank]);
    const auto shown = static_cast<double>(histogram.Percentile(percent));
    EXPECT_GE(shown, exact) << percent;
    EXPECT_LE(shown, exact * 1.01) << percent;
  }
}

TEST(HistogramTest, TheLargestValueOfAllFits) {
  Histogram histogram;
  histogram.Add(UINT64_MAX);
  EXPECT_EQ(histogram.Percentile(50), UINT64_MAX);
}

TEST(HistogramTest, MergingIsAddingAll) {
  Histogram low;
  Histogram high;
  Histogram all;
  for (std::uint64_t value = 0; value < 1000; ++value) {
    (value < 500 ? low : high).Add(value);
    all.Add(value);
  }
  low.Merge(high);
  EXPECT_EQ(low.count(), 1000U);
  EXPECT_EQ(low.Percentile(75), all.Percentile(75));
  EXPECT_EQ(low.max(), 999U);
  EXPECT_DOUBLE_EQ(low.Mean(), 499.5);
}

}  // namespace
}  // namespace meridian
