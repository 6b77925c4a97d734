// `meridian dev ...`: a whole system on this machine, started, stopped and mistreated.

#pragma once

#include <CLI/CLI.hpp>

#include "client/home.h"

namespace meridian::client {

// Adds the command to `app`. `common` is filled when it runs; `exit_code` is set by it.
void AddDevCommand(CLI::App& app, const CommonOptions& common, int& exit_code);

}  // namespace meridian::client
