#include "node/client_layout.h"

#include <algorithm>

namespace meridian::node {
namespace {

bool IsWhole(const ClientLayout& layout, RegionId here) {
  const local::Region* region = layout.topology.FindRegion(here);
  if (region == nullptr || !layout.table.Fits(layout.topology, here)) return false;
  for (const local::Placement& placement : layout.topology.placements) {
    if (!placement.replicas.contains(here)) continue;
    for (std::uint32_t p = 0; p < layout.topology.partitions(); ++p) {
      const auto* list = layout.table.ListOf(placement.id, {static_cast<std::uint16_t>(p)});
      const bool known = std::ranges::all_of(list->nodes, [&](NodeId node) {
        return std::ranges::find(region->nodes, node, &local::Node::id) != region->nodes.end();
      });
      if (!known) return false;
    }
  }
  return true;
}

}  // namespace

Result<ClientLayout> DecodeClientLayout(ByteView bytes, RegionId region) {
  Result<ClientLayout> layout = Decode<ClientLayout>(bytes);
  if (layout && !IsWhole(*layout, region)) {
    return Fail(ErrorCode::kCorrupt, "a layout that lacks nodes or lists");
  }
  return layout;
}

}  // namespace meridian::node
