// `meridian topology apply|back|status`: changes of the running system, and how far they are.
//
//     meridian topology apply next.yaml --version 2 --watch
//     epoch 2 is decided
//     us-east   epoch 2  view 2  filling   waiting for us-east-4
//     us-east   epoch 2  view 4  settled   complete

#pragma once

#include <CLI/CLI.hpp>

#include "client/home.h"

namespace meridian::client {

void AddTopologyChanges(CLI::App& topology, const CommonOptions& common, int& exit_code);

}  // namespace meridian::client
