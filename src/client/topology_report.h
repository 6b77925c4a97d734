// A plan of a change as people read it, and as JSON.
//
//     us-east: 192 of 768 copies move (25.0 %), 61.4 MB
//       from       to         copies  bytes
//       us-east-1  us-east-4      64  20.5 MB
//
// What is not known (bytes of nodes that do not answer) is shown as "-", and null in JSON.

#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "local/topology_plan.h"

namespace meridian::client {

// What one copy of a partition takes on disk, as nodes of the region tell.
using PartitionSizes = std::map<RegionId, std::map<crdt::PartitionKey, std::uint64_t>>;

std::string PlanText(const local::TopologyPlan& plan, const PartitionSizes& sizes);
nlohmann::json PlanJson(const local::TopologyPlan& plan, const PartitionSizes& sizes);

}  // namespace meridian::client
