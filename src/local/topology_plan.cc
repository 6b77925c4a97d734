#include "local/topology_plan.h"

#include <algorithm>
#include <set>

namespace meridian::local {
namespace {

std::string Quoted(const std::string& name) {
  return '"' + name + '"';
}

template <class Item, class Id>
const Item* ById(const std::vector<Item>& items, Id id) {
  const auto found = std::ranges::find(items, id, &Item::id);
  return found == items.end() ? nullptr : &*found;
}

bool Same(const Address& a, const Address& b) {
  return a.host == b.host && a.port == b.port;
}

// Tells of what came, went and changed between two lists of named things with ids.
template <class Item, class Compare>
void CompareLists(const std::string& kind, const std::vector<Item>& before,
                  const std::vector<Item>& after, TopologyPlan& plan, Compare compare) {
  for (const Item& item : before) {
    if (ById(after, item.id) == nullptr) plan.changes.push_back(kind + ' ' + item.name + " goes");
  }
  for (const Item& item : after) {
    const Item* former = ById(before, item.id);
    if (former == nullptr) {
      plan.changes.push_back(kind + ' ' + item.name + " comes");
    } else {
      if (former->name != item.name) {
        plan.changes.push_back(kind + ' ' + former->name + " is called " + item.name);
      }
      compare(*former, item);
    }
  }
}

void CompareNodes(const Region& before, const Region& after, TopologyPlan& plan) {
  CompareLists("node", before.nodes, after.nodes, plan, [&](const Node& was, const Node& is) {
    if (was.weight != is.weight) {
      plan.changes.push_back("node " + is.name + " has weight " + std::to_string(is.weight) +
                             ", had " + std::to_string(was.weight));
    }
    if (was.rack != is.rack) {
      plan.changes.push_back("node " + is.name + " stands in rack " + is.rack + ", stood in " +
                             was.rack);
    }
    if (!Same(was.http, is.http) || !Same(was.ring, is.ring) || !Same(was.client, is.client)) {
      plan.changes.push_back("node " + is.name + " has other addresses");
    }
  });
  CompareLists(
      "gateway", before.gateways, after.gateways, plan, [&](const Gateway& was, const Gateway& is) {
        if (!Same(was.http, is.http) || !Same(was.ring, is.ring) || !Same(was.wan, is.wan)) {
          plan.changes.push_back("gateway " + is.name + " has other addresses");
        }
      });
}

void ComparePlacements(const Topology& present, const Topology& next, TopologyPlan& plan) {
  CompareLists("placement", present.placements, next.placements, plan,
               [&](const Placement& was, const Placement& is) {
                 if (was.replicas == is.replicas) return;
                 plan.changes.push_back("placement " + is.name + " has other numbers of copies");
                 for (const auto& [region, copies] : is.replicas) {
                   const auto former = was.replicas.find(region);
                   if (former == was.replicas.end() || former->second == copies) continue;
                   plan.risks.push_back(
                       "N of placement " + is.name + " changes from " +
                       std::to_string(former->second) + " to " + std::to_string(copies) +
                       ": quorums change with it, so applications that give R or W as numbers must "
                       "be looked at");
                 }
               });
  CompareLists(
      "namespace", present.namespaces, next.namespaces, plan,
      [&](const Namespace& was, const Namespace& is) {
        if (was.placement != is.placement) {
          plan.refusals.push_back("namespace " + is.name +
                                  " would change its placement, and its rows stay where they are; "
                                  "add a namespace and copy");
        }
        if (was.policy != is.policy) {
          plan.changes.push_back("namespace " + is.name + " has another policy");
          plan.risks.push_back("namespace " + is.name +
                               " changes its policy: siblings that exist may lose against each "
                               "other at the next write");
        }
        if (was.durability != is.durability) {
          plan.changes.push_back("namespace " + is.name + " has another durability");
        }
      });
  for (const Namespace& space : present.namespaces) {
    if (ById(next.namespaces, space.id) == nullptr) {
      plan.risks.push_back("namespace " + space.name +
                           " goes: its rows stay on the disks but nobody can reach them");
    }
  }
}

// Regions and copies are not changed while the system runs.
void RefuseOutsideOfRing(const Topology& present, const Topology& next, TopologyPlan& plan) {
  for (const Region& region : next.regions) {
    if (present.FindRegion(region.id) != nullptr) continue;
    plan.refusals.push_back("region " + Quoted(region.name) +
                            " would come; this release changes nodes and racks only");
  }
  const bool same = std::ranges::equal(present.placements, next.placements,
                                       [](const Placement& a, const Placement& b) {
                                         return a.id == b.id && a.replicas == b.replicas;
                                       });
  if (same) return;
  plan.refusals.push_back("placements would change; this release changes nodes and racks only");
}

void CompareSystems(const Topology& present, const Topology& next, TopologyPlan& plan) {
  if (next.epoch.value != present.epoch.value + 1) {
    plan.refusals.push_back("the file is epoch " + std::to_string(next.epoch.value) +
                            " and the system runs epoch " + std::to_string(present.epoch.value) +
                            "; the next is " + std::to_string(present.epoch.value + 1));
  }
  if (present.partition_bits != next.partition_bits) {
    plan.refusals.push_back("the number of partitions is fixed for the life of the system: keep " +
                            std::to_string(present.partitions()));
  }
  if (present.limits.key_bytes != next.limits.key_bytes ||
      present.limits.value_bytes != next.limits.value_bytes) {
    plan.changes.push_back("limits differ");
  }
  RefuseOutsideOfRing(present, next, plan);
  CompareLists("region", present.regions, next.regions, plan,
               [&](const Region& was, const Region& is) { CompareNodes(was, is, plan); });
  ComparePlacements(present, next, plan);
}

// Whose copies of one partition go to whom, in the order of the lists.
void AddMoves(crdt::PartitionKey key, const PreferenceList* before, const PreferenceList* after,
              std::vector<Move>& moves) {
  std::vector<NodeId> leaving;
  std::vector<NodeId> coming;
  const std::vector<NodeId> none;
  const std::vector<NodeId> was = before == nullptr ? none : before->Primaries();
  const std::vector<NodeId> is = after == nullptr ? none : after->Primaries();
  const auto missing = [](const std::vector<NodeId>& from, const std::vector<NodeId>& in) {
    std::vector<NodeId> those;
    for (const NodeId node : from) {
      if (std::ranges::find(in, node) == in.end()) those.push_back(node);
    }
    return those;
  };
  leaving = missing(was, is);
  coming = missing(is, was);
  for (std::size_t i = 0; i < std::max(leaving.size(), coming.size()); ++i) {
    moves.push_back({key, i < leaving.size() ? leaving[i] : NodeId{},
                     i < coming.size() ? coming[i] : NodeId{}});
  }
}

std::size_t RacksOf(const Region& region) {
  std::set<std::string> racks;
  for (const Node& node : region.nodes) {
    if (node.weight > 0) racks.insert(node.rack);
  }
  return racks.size();
}

class RegionPlanner {
 public:
  RegionPlanner(const Topology& next, const Region* was, const Region& is) : next_(next), is_(is) {
    plan_.id = is.id;
    plan_.name = is.name;
    plan_.racks_before = was == nullptr ? 0 : RacksOf(*was);
    plan_.racks_after = RacksOf(is);
    if (was != nullptr) {
      for (const Node& node : was->nodes) shares_[node.id].name = node.name;
    }
    for (const Node& node : is.nodes) {
      shares_[node.id].name = node.name;
      shares_[node.id].weight = node.weight;
    }
  }

  RegionPlan Plan(const PartitionTable* before, const PartitionTable& after,
                  const std::set<PlacementId>& placements) {
    for (const PlacementId placement : placements) {
      for (std::uint32_t p = 0; p < next_.partitions(); ++p) {
        const crdt::PartitionKey key{placement, {static_cast<std::uint16_t>(p)}};
        Add(key, before == nullptr ? nullptr : before->ListOf(placement, key.partition),
            after.ListOf(placement, key.partition));
      }
    }
    std::uint64_t weights = 0;
    for (const Node& node : is_.nodes) weights += node.weight;
    for (auto& [id, share] : shares_) {
      share.id = id;
      share.by_weight = weights == 0 ? 0
                                     : static_cast<double>(plan_.copies) * share.weight /
                                           static_cast<double>(weights);
      plan_.shares.push_back(share);
    }
    return std::move(plan_);
  }

 private:
  void Add(crdt::PartitionKey key, const PreferenceList* before, const PreferenceList* after) {
    AddMoves(key, before, after, plan_.moves);
    if (before != nullptr) {
      for (const NodeId node : before->Primaries()) ++shares_[node].before;
    }
    if (after == nullptr) return;
    std::set<std::string> racks;
    for (const NodeId node : after->Primaries()) {
      ++shares_[node].after;
      ++plan_.copies;
      racks.insert(ById(is_.nodes, node)->rack);
    }
    if (racks.size() < after->primaries) ++plan_.badly_spread;
  }

  const Topology& next_;
  const Region& is_;
  RegionPlan plan_;
  std::map<NodeId, NodeShare> shares_;
};

void AddRisks(const RegionPlan& region, const Topology& next, TopologyPlan& plan) {
  if (region.badly_spread > 0) {
    plan.risks.push_back(region.name + ": " + std::to_string(region.badly_spread) +
                         " partitions would stand in fewer racks than they have copies, for there "
                         "are " +
                         std::to_string(region.racks_after) +
                         " racks; the loss of one takes several copies");
  }
  for (const Placement& placement : next.placements) {
    const auto copies = placement.replicas.find(region.id);
    if (copies == placement.replicas.end()) continue;
    const std::string what = region.name + ": placement " + placement.name + " has N = ";
    if (copies->second < 3) {
      plan.risks.push_back(what + std::to_string(copies->second) +
                           ": a quorum needs every copy, so one node that is down stops writes");
    }
  }
  for (const NodeShare& share : region.shares) {
    if (share.before > 0 && share.after == 0) {
      plan.risks.push_back("node " + share.name + " gives up all it holds, " +
                           std::to_string(share.before) +
                           " copies; it must run until it has handed them over");
    }
  }
}

}  // namespace

bool TopologyPlan::MovesAnything() const {
  return std::ranges::any_of(regions, [](const RegionPlan& plan) { return !plan.moves.empty(); });
}

TopologyPlan PlanChange(const Topology& present, const Tables& tables, const Topology& next) {
  TopologyPlan plan;
  CompareSystems(present, next, plan);
  for (const Region& region : present.regions) {
    if (next.FindRegion(region.id) == nullptr) {
      plan.refusals.push_back("region " + Quoted(region.name) +
                              " would go; a region is not taken out by a change of epoch");
    }
  }
  if (present.partition_bits != next.partition_bits) return plan;
  std::set<PlacementId> placements;
  for (const Placement& placement : present.placements) placements.insert(placement.id);
  for (const Placement& placement : next.placements) placements.insert(placement.id);
  for (const Region& region : next.regions) {
    const auto table = tables.find(region.id);
    const PartitionTable* before = table == tables.end() ? nullptr : &table->second;
    const PartitionTable after = PartitionTable::Build(next, region.id, before);
    RegionPlanner planner(next, present.FindRegion(region.id), region);
    plan.regions.push_back(planner.Plan(before, after, placements));
    AddRisks(plan.regions.back(), next, plan);
  }
  return plan;
}

}  // namespace meridian::local
