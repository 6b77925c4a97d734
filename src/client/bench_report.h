// What meridian-bench tells, for people and as JSON.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "client/bench_run.h"
#include "client/server_cpu.h"

namespace meridian::client {

struct BenchReport {
  BenchOutcome outcome;
  std::vector<ServerCpu::Used> cpu;
  std::vector<Duration> syncs;  // of both probes, ascending; empty: not probed
};

void PrintReport(const BenchOptions& options, const BenchReport& report);
nlohmann::json ReportJson(const BenchOptions& options, const BenchReport& report);

// What the system uses when nobody asks anything.
void PrintIdle(const std::vector<ServerCpu::Used>& cpu, Duration length, bool as_json);

}  // namespace meridian::client
