// The load that meridian-bench makes: closed loop or open loop, over the client library.
//
//     closed loop   in_flight calls at any time: what the system gives
//     open loop     `rate` calls a second whatever happens; a call's latency counts from the
//                   instant it should have started, so a stall is not hidden by waiting for it
//
// A call counts if it was due in the measured time, however late it ends: what was due is started
// and all is waited for. What a second gave, and what a call cost the servers, is of those that
// ended in that time.
//
// With marks the measured time falls into phases, each with its own figures: a call belongs to the
// phase in which it was due, however late it ended.
//
// Keys are "bench/00000042", even over `keys`; values are random bytes, which do not compress. In a
// `siblings` namespace a put hands on the context of the last answer about its key.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "client/client.h"

namespace meridian::client {

enum class BenchOperation : std::uint8_t { kPut, kGet, kMix };

struct BenchOptions {
  RegionId region;
  std::string space = "packages";
  BenchOperation operation = BenchOperation::kPut;
  double read_fraction = 0.5;  // of a mix
  std::uint64_t keys = 10'000;
  std::size_t value_bytes = 100;
  std::size_t in_flight = 64;
  double rate = 0;  // calls a second; 0: closed loop
  Duration warm_up = std::chrono::seconds(1);
  Duration length = std::chrono::seconds(10);
  std::vector<Duration> marks;  // where phases end, after the warm-up; ascending; empty: one phase
  Options call;
  std::uint64_t seed = 1;
};

// A part of the measured time, or all of it.
struct BenchPhase {
  Histogram puts_us;
  Histogram gets_us;
  std::uint64_t errors = 0;
  std::uint64_t again = 0;  // calls that took more than one attempt

  std::uint64_t Calls() const { return puts_us.count() + gets_us.count() + errors; }
};

struct BenchOutcome : BenchPhase {
  std::vector<BenchPhase> phases;  // one more than there are marks
  std::uint64_t ended = 0;         // calls that ended in the measured time, whenever they were due
  std::uint64_t not_found = 0;
  std::uint64_t siblings = 0;
  std::string first_error;
  ClientFigures client;  // of the whole run
  Duration took{};       // the measured part
  bool interrupted = false;
};

struct FillOutcome {
  std::uint64_t missing = 0;  // keys that were not written, or not surely
  bool interrupted = false;
};
// Writes every key once, so that gets find them.
Result<FillOutcome> FillKeys(const local::Topology& topology, const BenchOptions& options);

// `measured(true)` is called when the warm-up is over, `measured(false)` at the end.
Result<BenchOutcome> RunBench(const local::Topology& topology, const BenchOptions& options,
                              const std::function<void(bool)>& measured);

}  // namespace meridian::client
