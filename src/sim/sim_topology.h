// Topologies as the simulator builds them, and names for their parts.
//
//     regions 1, 2, 3, each with some nodes in some racks and a gateway or two
//     namespace   policy     placement
//     default     siblings   everywhere, N = 3
//     last        lww        everywhere, N = 3
//     pair        siblings   regions 1 and 2 only, N = 2 or 3
//
// All are durable by sync.

#pragma once

#include "base/random.h"
#include "local/topology.h"

namespace meridian::sim {

struct TopologyShape {
  std::uint32_t nodes = 3;     // a region
  std::uint32_t racks = 1;     // a region
  std::uint32_t gateways = 1;  // a region
  std::uint32_t pair_n = 3;    // N of the placement of two regions
  unsigned partition_bits = 2;
};

TopologyShape DrawShape(Random& random);
local::Topology MakeTopology(const TopologyShape& shape);

}  // namespace meridian::sim
