#include "sim/sim_topology.h"

#include <algorithm>

namespace meridian::sim {
namespace {

constexpr std::uint64_t kNodesInAll = 20;

std::uint32_t Draw(Random& random, std::uint64_t low, std::uint64_t high) {
  return static_cast<std::uint32_t>(random.Between(low, high));
}

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
  shape.regions = random.OneIn(4) ? static_cast<std::uint16_t>(random.Between(1, 2)) : 3;
  // Mostly the sandbox's shape; with more nodes than N some requests must be forwarded.
  shape.nodes = 3;
  if (random.OneIn(3)) {
    shape.nodes = Draw(random, 4, 5);
  } else if (random.OneIn(4)) {
    shape.nodes = Draw(random, 1, std::min<std::uint64_t>(15, kNodesInAll / shape.regions));
  }
  shape.n = std::min(shape.nodes, random.OneIn(4) ? Draw(random, 1, 5) : 3);
  shape.racks = Draw(random, 1, std::min<std::uint64_t>(shape.nodes, 4));
  shape.gateways = random.OneIn(4) ? 2 : 1;
  shape.pair_n = std::min(shape.nodes, Draw(random, 1, 3));
  shape.partition_bits = Draw(random, 0, 3);
  return shape;
}

local::Topology MakeTopology(const TopologyShape& shape) {
  local::Topology topology;
  topology.partition_bits = shape.partition_bits;
  local::Placement everywhere{{1}, "everywhere", {}};
  local::Placement pair{{2}, "pair", {}};
  for (std::uint16_t number = 1; number <= shape.regions; ++number) {
    topology.regions.push_back(MakeRegion(number, shape));
    everywhere.replicas[{number}] = shape.n;
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
