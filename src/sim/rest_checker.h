// At rest everyone agrees: all replicas of a row, in all regions of its placement, hold equal
// bytes; all vectors of a partition are equal; every node takes the others for alive; no gateway
// reports a lag, an orphan or a corrupt message.
//
// Until then a run is not quiet. Which difference was left is what a run says that never became so.

#pragma once

#include <optional>
#include <string>

#include "sim/sim_cluster.h"

namespace meridian::sim {

// Where replicas differ; nothing when all agree. A node that is down differs.
std::optional<std::string> DifferenceOfReplicas(SimCluster& cluster);

// What the gateways' and nodes' own figures say against rest. Runs the cluster for some
// milliseconds: the figures are asked for as an operator would.
std::optional<std::string> ComplaintOfFigures(SimCluster& cluster);

}  // namespace meridian::sim
