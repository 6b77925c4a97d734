// Writes many records into a region, and compares what a region holds with them, byte for byte.
//
// A region that answers nothing for 15 seconds is given up; `verify` waits longer if it is told to.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/pump.h"
#include "client/records.h"
#include "local/topology.h"

namespace meridian::client {

struct BulkOptions {
  RegionId region;
  std::string space = "default";
  std::size_t window = 256;
  node::Level level = node::Level::kLocalQuorum;
  Duration timeout = std::chrono::seconds(30);  // of one call, its retries included
};

struct LoadOutcome {
  std::uint64_t stored = 0;
  std::uint64_t failed = 0;
  std::uint64_t maybe = 0;            // of those that failed: may be there all the same
  std::uint64_t wrong = 0;            // of those that failed: refused for what they are
  std::vector<std::string> failures;  // the first few: "key: what"
  Pump::Figures figures;
};

// Without a context: records of a `siblings` namespace get siblings if they are there already.
Result<LoadOutcome> LoadRecords(const local::Topology& topology, const BulkOptions& options,
                                const std::vector<Record>& records);

struct VerifyOutcome {
  std::uint64_t same = 0;
  std::uint64_t missing = 0;
  std::uint64_t different = 0;
  std::uint64_t siblings = 0;         // several values, whatever they are
  std::uint64_t failed = 0;           // could not be read
  std::vector<std::string> examples;  // the first few that are not the same: "key: what"
  Pump::Figures figures;              // of all passes

  std::uint64_t Mismatches() const { return missing + different + siblings + failed; }
};

// Reads all, then again those that were not the same, until all are or `wait` has passed.
Result<VerifyOutcome> VerifyRecords(const local::Topology& topology, const BulkOptions& options,
                                    const std::vector<Record>& records, Duration wait);

}  // namespace meridian::client
