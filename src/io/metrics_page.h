// The Prometheus text of /metrics: the figures of the machine and of its drivers, and the
// process's.
//
//     # HELP meridian_http_connections Open HTTP connections.
//     # TYPE meridian_http_connections gauge
//     meridian_http_connections 3
//
// Figures of one name from several sets form one family; the first kind and help win.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "node/metrics.h"

namespace meridian::io {

struct ProcessFigures {
  double cpu_seconds = 0;         // of all threads, user and system
  double start_time_seconds = 0;  // since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t open_files_max = 0;
  std::uint64_t threads = 0;
};

// From /proc/self; what cannot be read stays 0.
ProcessFigures ReadProcessFigures();

std::string MetricsPage(const std::vector<node::MetricSet>& sets, const ProcessFigures& process);

}  // namespace meridian::io
