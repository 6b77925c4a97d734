// `meridian ring KEY`: where a key lives in a region, and where each replica's copy of it stands.

#pragma once

#include <CLI/CLI.hpp>

#include "client/home.h"

namespace meridian::client {

void AddRingCommand(CLI::App& app, const CommonOptions& common, int& exit_code);

}  // namespace meridian::client
