// The figures a machine shows: counters, gauges and latency histograms, as plain values.
//
// A machine answers Operation::kMetrics with an encoded MetricSet; io/metrics_page turns it into
// Prometheus text, adding what only the process knows (CPU, open files). Names follow
// meridian_<subsystem>_<name>_<unit>[_total].

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace meridian::node {

enum class MetricKind : std::uint8_t { kCounter, kGauge };

struct Metric {
  MetricKind kind = MetricKind::kCounter;
  std::string name;
  std::string help;
  std::map<std::string, std::string> labels;
  std::int64_t value = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(kind, name, help, labels, value);
  }
};

struct MetricSet {
  std::vector<Metric> metrics;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(metrics);
  }
};

Bytes EncodeMetrics(const MetricSet& metrics);
Result<MetricSet> DecodeMetrics(ByteView bytes);

}  // namespace meridian::node
