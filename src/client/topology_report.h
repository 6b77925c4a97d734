// A plan of a change as people read it, and as JSON.
//
//     us-east: 192 of 768 copies move (25.0 %), about 61.4 MB; at least 3 s, at 24.0 MB/s to a node
//       from       to         copies  bytes
//       us-east-1  us-east-4      64  20.5 MB
//
// What is not known (bytes of nodes that do not answer) is shown as "-", and null in JSON. The time
// is that of the node that gains most.

#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "local/topology_plan.h"

namespace meridian::client {

// What nodes of a region tell of theirs.
struct RegionSizes {
  bool answered = false;
  std::map<crdt::PartitionKey, std::uint64_t> bytes;  // of one copy
  std::uint64_t bytes_per_second = 0;                 // to one node, at most; 0: not told
};
// Regions of which no node answered are not in it.
using PartitionSizes = std::map<RegionId, RegionSizes>;

std::string PlanText(const local::TopologyPlan& plan, const PartitionSizes& sizes);
nlohmann::json PlanJson(const local::TopologyPlan& plan, const PartitionSizes& sizes);

}  // namespace meridian::client
