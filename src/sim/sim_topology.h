// Topologies as the simulator builds them, and names for their parts.
//
//     one to three regions, each with 1 to 15 nodes in some racks and a gateway or two
//     namespace   policy     placement
//     default     siblings   everywhere, N = 3 mostly
//     last        lww        everywhere, likewise
//     pair        siblings   regions 1 and 2 only, N = 1 to 3
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
  std::uint16_t regions = 3;
  std::uint32_t n = 3;  // N of the placement everywhere
};

// At most 15 nodes a region and 20 in all: what a run costs grows with their square.
TopologyShape DrawShape(Random& random);
local::Topology MakeTopology(const TopologyShape& shape);

}  // namespace meridian::sim
