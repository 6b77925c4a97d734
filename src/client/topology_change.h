// `meridian topology apply|back|status`: changes of the running system, and how far they are.
//
//     meridian topology apply next.yaml --version 2 --watch
//     epoch 2 is decided
//     us-east   epoch 2  view 2  filling   waiting for us-east-4
//     us-east   epoch 2  view 4  settled   complete

#pragma once

#include <CLI/CLI.hpp>

#include <optional>

#include "client/home.h"
#include "local/view.h"

namespace meridian::client {

// What the ring goes by, as a node of the first region that holds nodes says; `known` says where
// they are. Nothing when none answers.
std::optional<local::Layout> LayoutInForce(const local::Topology& known);

void AddTopologyChanges(CLI::App& topology, const CommonOptions& common, int& exit_code);

}  // namespace meridian::client
