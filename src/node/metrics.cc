#include "node/metrics.h"

#include "base/codec.h"

namespace meridian::node {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

Bytes EncodeMetrics(const MetricSet& metrics) { return EncodeVersioned(kVersion, metrics); }

Result<MetricSet> DecodeMetrics(ByteView bytes) {
  return DecodeVersioned<MetricSet>(kVersion, bytes);
}

}  // namespace meridian::node
