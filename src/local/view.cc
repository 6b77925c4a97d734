#include "local/view.h"

#include <algorithm>

namespace meridian::local {
namespace {

const PartitionTable& TableIn(const Layout& layout, RegionId region) {
  static const PartitionTable kNone;
  const auto found = layout.tables.find(region);
  return found == layout.tables.end() ? kNone : found->second;
}

}  // namespace

const char* NameOf(Stage stage) {
  constexpr const char* kNames[] = {"settled", "filling", "switched"};
  return kNames[static_cast<std::size_t>(stage)];
}

bool Layout::IsComplete(RegionId region) const {
  return topology.FindRegion(region) != nullptr && TableIn(*this, region).Fits(topology, region);
}

View FirstView(Topology topology, Bytes text) {
  View view;
  view.number = 1;
  for (const Region& region : topology.regions) {
    view.layout.tables.emplace(region.id, PartitionTable::Build(topology, region.id));
  }
  view.layout.topology = std::move(topology);
  view.layout.text = std::move(text);
  return view;
}

const Layout& ServingLayout(const View& view) {
  return view.stage == Stage::kFilling ? *view.former : view.layout;
}

// Nodes that were not there before: they vote from the next change on, so they must be.
bool AnyComes(const Layout& next, const Layout& serving, RegionId region) {
  const std::vector<Node>& before = serving.topology.FindRegion(region)->nodes;
  return std::ranges::any_of(next.topology.FindRegion(region)->nodes, [&](const Node& node) {
    return std::ranges::find(before, node.id, &Node::id) == before.end();
  });
}

Result<View> ViewForLayout(const View& view, RegionId region, Layout next) {
  if (view.stage == Stage::kSwitched) {
    return Fail(ErrorCode::kInvalidArgument,
                "the change to epoch " + std::to_string(view.layout.epoch().value) +
                    " has moved reads already; wait until it is complete");
  }
  View after;
  after.number = view.number + 1;
  const Layout& serving = ServingLayout(view);
  const bool moves =
      TableIn(next, region) != TableIn(serving, region) || AnyComes(next, serving, region);
  after.stage = moves ? Stage::kFilling : Stage::kSettled;
  // Who is given up hands on what it has: it stays a peer while nobody else has to.
  after.former = moves ? serving : view.layout;
  after.layout = std::move(next);
  return after;
}

bool IsUsableIn(const View& view, RegionId region) {
  const bool knows_former =
      view.former ? view.former->IsComplete(region) : view.stage == Stage::kSettled;
  return view.number != 0 && view.layout.IsComplete(region) && knows_former;
}

View NextStep(const View& view) {
  View after = view;
  ++after.number;
  after.stage = view.stage == Stage::kFilling ? Stage::kSwitched : Stage::kSettled;
  return after;
}

}  // namespace meridian::local
