#include "sim/sim_topology.h"

namespace meridian::sim {
namespace {

constexpr std::uint16_t kRegions = 3;

local::Region MakeRegion(std::uint16_t number, const TopologyShape& shape) {
  local::Region region;
  region.id = {number};
  region.name = "r" + std::to_string(number);
  for (std::uint32_t i = 1; i <= shape.nodes; ++i) {
    local::Node node;
    node.id = {i};
    node.name = region.name + '-' + std::to_string(i);
    node.rack = "rack" + std::to_string(i % shape.racks);
    region.nodes.push_back(std::move(node));
  }
  for (std::uint32_t i = 1; i <= shape.gateways; ++i) {
    local::Gateway gateway;
    gateway.id = i;
    gateway.name = region.name + "-gw-" + std::to_string(i);
    region.gateways.push_back(std::move(gateway));
  }
  return region;
}

}  // namespace

TopologyShape DrawShape(Random& random) {
  TopologyShape shape;
  // Mostly the sandbox's shape; with more nodes than N some requests must be forwarded.
  shape.nodes = random.OneIn(3) ? static_cast<std::uint32_t>(random.Between(4, 5)) : 3;
  shape.racks = static_cast<std::uint32_t>(random.Between(1, 3));
  shape.gateways = random.OneIn(4) ? 2 : 1;
  shape.pair_n = static_cast<std::uint32_t>(random.Between(2, 3));
  shape.partition_bits = static_cast<unsigned>(random.Between(0, 3));
  return shape;
}

local::Topology MakeTopology(const TopologyShape& shape) {
  local::Topology topology;
  topology.partition_bits = shape.partition_bits;
  local::Placement everywhere{{1}, "everywhere", {}};
  local::Placement pair{{2}, "pair", {}};
  for (std::uint16_t number = 1; number <= kRegions; ++number) {
    topology.regions.push_back(MakeRegion(number, shape));
    everywhere.replicas[{number}] = 3;
    if (number <= 2) pair.replicas[{number}] = shape.pair_n;
  }
  topology.placements = {everywhere, pair};
  topology.namespaces = {
      {{1}, "default", {1}, local::Policy::kSiblings, local::Durability::kSync},
      {{2}, "last", {1}, local::Policy::kLww, local::Durability::kSync},
      {{3}, "pair", {2}, local::Policy::kSiblings, local::Durability::kSync},
  };
  return topology;
}

}  // namespace meridian::sim
