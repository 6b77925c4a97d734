// `meridian load`, `verify` and `demo`: many records at once.

#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "client/bulk.h"
#include "client/home.h"

namespace meridian::client {

void AddBulkCommands(CLI::App& app, const CommonOptions& common, int& exit_code);

// What they take from the command line.
struct BulkArguments {
  std::string file;
  RecordFormat format = RecordFormat::kDpkg;
  std::string region;
  std::string space = "default";
  std::size_t window = 256;
  double wait_s = 0;
};

// The records and where they go, ready; or nothing after telling why not.
struct BulkJob {
  local::Topology topology;
  Records records;
  BulkOptions options;
};
std::unique_ptr<BulkJob> PrepareBulk(const CommonOptions& common, const BulkArguments& arguments);

// Tells how a step went; an exit code.
int TellLoad(const BulkJob& job, const Result<LoadOutcome>& outcome);
int TellVerify(const BulkJob& job, const std::string& region, const Result<VerifyOutcome>& outcome);

}  // namespace meridian::client
