#include "node/metrics.h"

#include "base/codec.h"

namespace meridian::node {
namespace {

constexpr std::uint8_t kMetricsVersion = 1;

}  // namespace

Bytes EncodeMetrics(const MetricSet& metrics) {
  return EncodeVersioned(kMetricsVersion, metrics);
}

Result<MetricSet> DecodeMetrics(ByteView bytes) {
  Result<MetricSet> set = DecodeVersioned<MetricSet>(kMetricsVersion, bytes);
  if (!set) return set;
  for (const Metric& metric : set->metrics) {
    if (metric.kind > MetricKind::kGauge)
      return Fail(ErrorCode::kCorrupt, "unknown kind of metric");
  }
  return set;
}

}  // namespace meridian::node
