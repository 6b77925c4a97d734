// At rest every change of the topology is complete everywhere, and every partition has exactly its
// owners: nobody keeps a row, a log row, a tree or a seen vector of one that is not its own.
//
// That each owner has all of it is the rest checker's to say.

#pragma once

#include <optional>
#include <string>

#include "sim/sim_cluster.h"

namespace meridian::sim {

// What is left to do, or is where it must not be; nothing at rest.
std::optional<std::string> ComplaintOfOwners(SimCluster& cluster);

}  // namespace meridian::sim
