// `meridian status` and `lag`: looking without touching.

#pragma once

#include <CLI/CLI.hpp>

#include "client/home.h"

namespace meridian::client {

void AddViewCommands(CLI::App& app, const CommonOptions& common, int& exit_code);

}  // namespace meridian::client
