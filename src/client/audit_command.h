// `meridian audit`: nodes compare what they hold with its other replicas, now; shows what they
// found. Waits for the end, with progress while rows are read.

#pragma once

#include <CLI/CLI.hpp>

#include "client/home.h"

namespace meridian::client {

void AddAuditCommand(CLI::App& app, const CommonOptions& common, int& exit_code);

}  // namespace meridian::client
