// Asks nodes how much their partitions hold, for a plan: GET /topology/sizes, page by page.
//
// Replicas of a partition estimate from the same rows, so whoever answers will do; where they
// differ, one lacks rows, and the larger figure counts. Regions in which nothing moves are not
// asked.

#pragma once

#include <optional>

#include "client/topology_report.h"
#include "local/topology_plan.h"

namespace meridian::client {

// `present` says where the nodes are.
PartitionSizes AskSizes(const local::Topology& present, const local::TopologyPlan& plan);

// Takes one page in; the place where the next one begins, or nothing after the last, when it is no
// page, or when what it says is no place.
std::optional<crdt::PartitionKey> AddPage(const std::string& body, RegionSizes& sizes);

}  // namespace meridian::client
