// One run: draws everything from the seed, lets it go wrong, heals, waits for rest, judges.
//
//     RunReport report = RunSeed(7, {});
//     report.violations.empty()     the promises held
//     report.trace_hash             the same at every run of the seed

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/sim_cluster.h"
#include "sim/trace.h"

namespace meridian::sim {

struct RunOptions {
  Plant plant = Plant::kNothing;
  Duration storm = std::chrono::seconds(20);          // while faults strike and clients work
  Duration quiet_within = std::chrono::seconds(120);  // of the healing
  Trace::Show show;                                   // gets every line of the trace
};

struct RunFigures {
  std::size_t operations = 0;
  std::size_t acknowledged = 0;
  std::size_t maybe = 0;
  std::uint64_t messages = 0;
  std::uint64_t crashes = 0;
  std::size_t hints = 0;   // that had to go home after the healing
  Duration quiet_after{};  // of the healing
  Duration virtual_time{};
};

struct RunReport {
  std::uint64_t seed = 0;
  std::string drawn;
  std::vector<std::string> violations;
  std::uint64_t trace_hash = 0;
  RunFigures figures;
};

RunReport RunSeed(std::uint64_t seed, const RunOptions& options);

}  // namespace meridian::sim
