#include "node/metrics.h"

#include <gtest/gtest.h>

namespace meridian::node {
namespace {

MetricSet TwoMetrics() {
  return {
      {{MetricKind::kCounter, "meridian_node_puts_total", "Puts.", {}, 5},
       {MetricKind::kGauge, "meridian_gateway_lag_milliseconds", "Lag.", {{"origin", "eu"}}, -1}}};
}

TEST(MetricsTest, ASetComesBackAsItWas) {
  const Result<MetricSet> back = DecodeMetrics(EncodeMetrics(TwoMetrics()));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->metrics.size(), 2U);
  EXPECT_EQ(back->metrics[0].name, "meridian_node_puts_total");
  EXPECT_EQ(back->metrics[0].value, 5);
  EXPECT_EQ(back->metrics[1].kind, MetricKind::kGauge);
  EXPECT_EQ(back->metrics[1].labels.at("origin"), "eu");
  EXPECT_EQ(back->metrics[1].value, -1);
}

TEST(MetricsTest, BytesThatNoMachineWritesAreRefused) {
  EXPECT_FALSE(DecodeMetrics(""));
  MetricSet unknown = TwoMetrics();
  unknown.metrics[1].kind = static_cast<MetricKind>(2);
  EXPECT_FALSE(DecodeMetrics(EncodeMetrics(unknown)));
  const Bytes bytes = EncodeMetrics(TwoMetrics());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeMetrics(ByteView(bytes).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace meridian::node
