#include "local/topology.h"

#include <algorithm>

namespace meridian::local {
namespace {

// The first item whose member equals `wanted`; null when there is none.
template <class Item, class Member>
const Item* Find(const std::vector<Item>& items, Member Item::*member, const Member& wanted) {
  const auto found = std::ranges::find(items, wanted, member);
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

const Region* Topology::FindRegion(RegionId id) const {
  return Find(regions, &Region::id, id);
}

const Region* Topology::FindRegion(const std::string& name) const {
  return Find(regions, &Region::name, name);
}

const Placement* Topology::FindPlacement(PlacementId id) const {
  return Find(placements, &Placement::id, id);
}

const Namespace* Topology::FindNamespace(NamespaceId id) const {
  return Find(namespaces, &Namespace::id, id);
}

const Namespace* Topology::FindNamespace(const std::string& name) const {
  return Find(namespaces, &Namespace::name, name);
}

bool Topology::Syncs(NamespaceId id) const {
  const Namespace* space = FindNamespace(id);
  return space == nullptr || space->durability == Durability::kSync;
}

std::string Topology::NameOf(ProcessId process) const {
  if (const Region* region = FindRegion(process.region)) {
    if (process.role == Role::kNode) {
      const Node* node = Find(region->nodes, &Node::id, NodeId{process.number});
      if (node != nullptr) return node->name;
    } else {
      const Gateway* gateway = Find(region->gateways, &Gateway::id, process.number);
      if (gateway != nullptr) return gateway->name;
    }
  }
  return ToString(process);
}

}  // namespace meridian::local
