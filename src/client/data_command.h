// `meridian put|get|del`: one key of one region, through the client library.
//
// Concurrent values are shown plainly, one a line, with the command that settles them.

#pragma once

#include <CLI/CLI.hpp>

#include "client/home.h"

namespace meridian::client {

void AddDataCommands(CLI::App& app, const CommonOptions& common, int& exit_code);

}  // namespace meridian::client
