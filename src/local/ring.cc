#include "local/ring.h"

#include <algorithm>
#include <set>

namespace meridian::local {

Ring::Ring(Topology topology, ProcessId self) : self_(self), view_(1) {
  now_.topology = std::move(topology);
  now_.table = PartitionTable::Build(now_.topology, self.region);
}

Ring Ring::Unknown(Topology topology, ProcessId self) {
  Ring ring(self);
  ring.now_.topology = std::move(topology);
  return ring;
}

void Ring::Adopt(const View& view) {
  MERIDIAN_CHECK(view.number > view_ && IsUsableIn(view, self_.region));
  const auto part_of = [&](const Layout& layout) {
    return Part{layout.topology, layout.tables.at(self_.region)};
  };
  view_ = view.number;
  stage_ = view.stage;
  now_ = part_of(view.layout);
  former_.reset();
  if (view.former) former_ = part_of(*view.former);
}

const PreferenceList* Ring::AlsoWrittenTo(PartitionKey key) const {
  if (stage_ == Stage::kSettled) return nullptr;
  const PartitionTable& other = stage_ == Stage::kFilling ? now_.table : former_->table;
  const PreferenceList* list = ListOf(key);
  const PreferenceList* also = other.ListOf(key.placement, key.partition);
  if (list == nullptr || also == nullptr) return also;
  std::vector<NodeId> one = list->Primaries();
  std::vector<NodeId> two = also->Primaries();
  std::ranges::sort(one);
  std::ranges::sort(two);
  return one == two ? nullptr : also;
}

std::vector<PartitionKey> Ring::Partitions() const {
  std::vector<PartitionKey> keys;
  if (!IsKnown()) return keys;
  for (const Placement& placement : now_.topology.placements) {
    if (!placement.replicas.contains(self_.region)) continue;
    for (std::uint32_t p = 0; p < now_.topology.partitions(); ++p) {
      keys.push_back({placement.id, {static_cast<std::uint16_t>(p)}});
    }
  }
  return keys;
}

std::vector<NodeId> Ring::Nodes() const {
  std::set<NodeId> nodes;
  for (const Node& node : region().nodes) nodes.insert(node.id);
  const Region* former = former_ ? former_->topology.FindRegion(self_.region) : nullptr;
  if (former != nullptr) {
    for (const Node& node : former->nodes) nodes.insert(node.id);
  }
  return {nodes.begin(), nodes.end()};
}

bool Ring::HasNode(NodeId node) const {
  const auto& nodes = region().nodes;
  return std::ranges::find(nodes, node, &Node::id) != nodes.end();
}

}  // namespace meridian::local
