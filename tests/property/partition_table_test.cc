#include "local/partition_table.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "local/assignment.h"

namespace meridian::local {
namespace {

constexpr RegionId kHere{1};
constexpr PlacementId kPlacement{1};

// Nodes get the next id when they join; racks are numbers.
struct System {
  Topology topology;
  std::uint32_t copies = 1;

  Region& region() { return topology.regions[0]; }
  const Region& region() const { return topology.regions[0]; }
  void Join(std::uint32_t id, int rack, std::uint32_t weight) {
    Node node;
    node.id = {id};
    node.rack = "r" + std::to_string(rack);
    node.weight = weight;
    region().nodes.push_back(node);
  }
  PartitionTable Table(const PartitionTable* previous = nullptr) const {
    return PartitionTable::Build(topology, kHere, previous);
  }
  std::size_t RackCount() const {
    std::set<std::string> racks;
    for (const Node& node : region().nodes) racks.insert(node.rack);
    return racks.size();
  }
  std::vector<Bounds> SharesOfNodes() const {
    std::map<std::string, std::uint32_t> racks;
    std::vector<Holder> holders;
    for (const Node& node : region().nodes) {
      const auto rack = racks.emplace(node.rack, static_cast<std::uint32_t>(racks.size())).first;
      holders.push_back({rack->second, node.weight});
    }
    return Shares(holders, topology.partitions(), copies);
  }
};

enum class Weights { kEqual, kAny };

System AnySystem(Weights weights) {
  const auto count = *rc::gen::inRange<std::uint32_t>(1, 13);
  const int racks = *rc::gen::inRange(1, 7);
  System system;
  system.topology.partition_bits = *rc::gen::inRange(4U, 8U);
  system.topology.regions.push_back({kHere, "here", {}, {}});
  for (std::uint32_t id = 1; id <= count; ++id) {
    system.Join(id, *rc::gen::inRange(0, racks),
                weights == Weights::kEqual ? 100 : *rc::gen::inRange<std::uint32_t>(1, 400));
  }
  system.copies = *rc::gen::inRange<std::uint32_t>(1, std::min(count, 5U) + 1);
  system.topology.placements = {{kPlacement, "here", {{kHere, system.copies}}}};
  return system;
}

const PreferenceList& At(const PartitionTable& table, std::uint32_t partition) {
  return *table.ListOf(kPlacement, {static_cast<std::uint16_t>(partition)});
}

std::set<NodeId> PrimariesOf(const PreferenceList& list) {
  return {list.nodes.begin(), list.nodes.begin() + list.primaries};
}

// Slots of `after` whose node was no primary of the partition before.
std::size_t Moved(const System& system, const PartitionTable& before, const PartitionTable& after) {
  std::size_t moved = 0;
  for (std::uint32_t p = 0; p < system.topology.partitions(); ++p) {
    for (const NodeId node : PrimariesOf(At(after, p))) {
      if (!At(before, p).IsPrimary(node)) ++moved;
    }
  }
  return moved;
}

std::size_t LoadOf(const PartitionTable& table, NodeId node) {
  return table.PartitionsOf(kPlacement, node).size();
}

void CheckSpread(const System& system, const PartitionTable& table) {
  std::map<NodeId, std::string> rack_of;
  for (const Node& node : system.region().nodes) rack_of[node.id] = node.rack;
  for (std::uint32_t p = 0; p < system.topology.partitions(); ++p) {
    const std::set<NodeId> primaries = PrimariesOf(At(table, p));
    RC_ASSERT(primaries.size() == system.copies);
    std::set<std::string> racks;
    for (const NodeId node : primaries) racks.insert(rack_of.at(node));
    RC_ASSERT(racks.size() == std::min<std::size_t>(system.copies, system.RackCount()));
  }
}

void CheckLoads(const System& system, const PartitionTable& table) {
  const std::vector<Bounds> shares = system.SharesOfNodes();
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const std::size_t load = LoadOf(table, system.region().nodes[i].id);
    RC_ASSERT(load >= shares[i].at_least && load <= shares[i].at_most);
    RC_ASSERT(shares[i].at_most - shares[i].at_least <= 1U);
  }
}

RC_GTEST_PROP(PartitionTableProperty, PrimariesAreDistinctAndSpreadOverTheRacks, ()) {
  const System system = AnySystem(Weights::kAny);
  CheckSpread(system, system.Table());
}

RC_GTEST_PROP(PartitionTableProperty, LoadsAreWithinOnePartitionOfTheShares, ()) {
  const System system = AnySystem(Weights::kAny);
  CheckLoads(system, system.Table());
}

// The shares themselves, against their definition: what is not cut by a bound is as the weights.
RC_GTEST_PROP(PartitionTableProperty, WithoutRacksUncutSharesAreInProportionToTheWeights, ()) {
  System system = AnySystem(Weights::kAny);
  for (Node& node : system.region().nodes) node.rack = "r";
  const std::vector<Bounds> shares = system.SharesOfNodes();
  const std::uint32_t all = system.topology.partitions();
  double slots = all * system.copies;
  double weight = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const bool is_cut = shares[i].at_least == all;
    if (is_cut) slots -= all;
    if (!is_cut) weight += system.region().nodes[i].weight;
  }
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i].at_least == all) continue;
    const double exact = slots * system.region().nodes[i].weight / weight;
    RC_ASSERT(shares[i].at_least <= exact + 1e-6 && shares[i].at_most >= exact - 1e-6);
  }
}

RC_GTEST_PROP(PartitionTableProperty, TheSameInputGivesTheSameTable, ()) {
  const System system = AnySystem(Weights::kAny);
  const PartitionTable table = system.Table();
  RC_ASSERT(system.Table() == table);
  RC_ASSERT(system.Table(&table) == table);
}

// Where racks do not stand in the way: one rack, a rack a node, or exactly one copy a rack.
System AnyPlainSystem() {
  System system = AnySystem(Weights::kEqual);
  std::vector<Node>& nodes = system.region().nodes;
  const auto racks = *rc::gen::element<std::size_t>(1, nodes.size(), system.copies);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].rack = "r" + std::to_string(i % racks);
  return system;
}

RC_GTEST_PROP(PartitionTableProperty, ANodeThatJoinsIsAllThatMoves, ()) {
  System system = AnyPlainSystem();
  const PartitionTable before = system.Table();
  const bool new_rack = system.RackCount() == system.region().nodes.size();
  system.Join(100, new_rack ? 99 : 0, 100);
  const PartitionTable after = system.Table(&before);
  CheckSpread(system, after);
  CheckLoads(system, after);
  RC_ASSERT(Moved(system, before, after) == LoadOf(after, {100}));
}

RC_GTEST_PROP(PartitionTableProperty, OnlyWhatANodeHadMovesWhenItLeaves, ()) {
  System system = AnyPlainSystem();
  std::vector<Node>& nodes = system.region().nodes;
  const std::size_t racks = system.RackCount();
  RC_PRE(nodes.size() > system.copies && (racks == nodes.size() || nodes.size() >= 2 * racks));
  const PartitionTable before = system.Table();
  const auto gone = *rc::gen::inRange<std::size_t>(0, nodes.size());
  const NodeId id = nodes[gone].id;
  nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(gone));
  const PartitionTable after = system.Table(&before);
  CheckSpread(system, after);
  CheckLoads(system, after);
  RC_ASSERT(Moved(system, before, after) == LoadOf(before, id));
}

// Uneven racks and weights can force more: a slot may reach the newcomer only through a third node.
RC_GTEST_PROP(PartitionTableProperty, AnyChangeKeepsSpreadAndSharesAndMovesLittle, ()) {
  System system = AnySystem(Weights::kAny);
  const PartitionTable before = system.Table();
  system.Join(100, *rc::gen::inRange(0, 7), *rc::gen::inRange<std::uint32_t>(1, 400));
  const PartitionTable after = system.Table(&before);
  CheckSpread(system, after);
  CheckLoads(system, after);
  const std::size_t joined = LoadOf(after, {100});
  RC_ASSERT(Moved(system, before, after) >= joined);
  RC_ASSERT(Moved(system, before, after) <= joined + system.region().nodes.size());
}

RC_GTEST_PROP(PartitionTableProperty, FirstsAreBalancedForEqualWeights, ()) {
  const System system = AnySystem(Weights::kEqual);
  const PartitionTable table = system.Table();
  std::map<NodeId, std::size_t> firsts;
  for (std::uint32_t p = 0; p < system.topology.partitions(); ++p) ++firsts[At(table, p).nodes[0]];
  const std::size_t nodes = system.region().nodes.size();
  const std::size_t fair = system.topology.partitions() / nodes;
  for (const Node& node : system.region().nodes) {
    RC_ASSERT(firsts[node.id] >= fair && firsts[node.id] <= fair + 1);
  }
}

}  // namespace
}  // namespace meridian::local
