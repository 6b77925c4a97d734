// `meridian topology validate|plan`: the topology file, before it changes anything.

#pragma once

#include <CLI/CLI.hpp>

#include "client/home.h"

namespace meridian::client {

void AddTopologyCommand(CLI::App& app, const CommonOptions& common, int& exit_code);

}  // namespace meridian::client
