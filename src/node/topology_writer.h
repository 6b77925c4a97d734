// A topology as a file that node/topology_text reads back.
//
// Addresses that it does not have (simulated processes) are made up.

#pragma once

#include <string>

#include "local/topology.h"

namespace meridian::node {

std::string WriteTopology(const local::Topology& topology);

}  // namespace meridian::node
