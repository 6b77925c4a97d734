#include "sim/member_plan.h"

#include <algorithm>

#include "node/topology_writer.h"

namespace meridian::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kNodesMost = 6;  // a region

}  // namespace

MemberChanges DrawMemberChanges(Random& random) {
  if (!random.OneIn(3)) return {};
  return {milliseconds(random.Between(1500, 8000)), random.OneIn(2)};
}

std::string MemberChanges::ToString() const {
  if (!is_on()) return {};
  return "; members change every " + std::to_string(Milliseconds(every)) + "ms" +
         (may_take_back ? ", some taken back" : "");
}

MemberPlan::MemberPlan(SimCluster& cluster, MemberChanges changes, Random random)
    : cluster_(cluster), changes_(changes), random_(random) {}

void MemberPlan::Start() {
  if (changes_.is_on()) Next();
}

void MemberPlan::Next() {
  const auto most = static_cast<std::uint64_t>(2 * changes_.every.count());
  cluster_.queue().After(Duration(static_cast<Duration::rep>(random_.Between(100'000, most))),
                         [this] {
                           if (stopped_) return;
                           Order();
                           Next();
                         });
}

// One region's nodes: one more, one fewer, or another weight. False when that cannot be.
bool MemberPlan::Change(local::Topology& topology) {
  local::Region& region = topology.regions[random_.Below(topology.regions.size())];
  std::uint32_t copies = 1;
  for (const local::Placement& placement : topology.placements) {
    const auto at = placement.replicas.find(region.id);
    if (at != placement.replicas.end()) copies = std::max(copies, at->second);
  }
  const std::uint64_t kind = random_.Below(5);
  if (kind < 2 && region.nodes.size() < kNodesMost) {
    const std::vector<NodeId> removed = RemovedFrom(region);
    const bool comes_back = !removed.empty() && random_.OneIn(2);
    local::Node node;
    node.id = comes_back ? random_.Pick(removed) : NodeId{cluster_.NextNodeNumber(region.id)};
    node.name = region.name + '-' + std::to_string(node.id.value);
    node.rack = region.nodes[random_.Below(region.nodes.size())].rack;
    region.nodes.push_back(node);
    std::ranges::sort(region.nodes, {}, &local::Node::id);
    if (!comes_back) cluster_.Join(NodeProcess(region.id, node.id), topology);
    return true;
  }
  if (kind < 4 && region.nodes.size() > copies) {
    region.nodes.erase(region.nodes.begin() +
                       static_cast<std::ptrdiff_t>(random_.Below(region.nodes.size())));
    return true;
  }
  if (region.nodes.size() == copies) return false;
  region.nodes[random_.Below(region.nodes.size())].weight =
      static_cast<std::uint32_t>(random_.Between(20, 200));
  return true;
}

// Those that run on and are no members.
std::vector<NodeId> MemberPlan::RemovedFrom(const local::Region& region) const {
  std::vector<NodeId> removed;
  for (const ProcessId process : cluster_.nodes()) {
    const NodeId node{process.number};
    const bool is_member =
        std::ranges::find(region.nodes, node, &local::Node::id) != region.nodes.end();
    if (process.region == region.id && !is_member) removed.push_back(node);
  }
  return removed;
}

ProcessId MemberPlan::SomeNodeOfFirstRegion() {
  const local::Region& first = cluster_.ring({1}).region();
  return NodeProcess(first.id, first.nodes[random_.Below(first.nodes.size())].id);
}

void MemberPlan::Order() {
  const local::Ring& ring = cluster_.ring({1});
  node::ClientRequest request;
  request.key = std::to_string(ring.topology().epoch.value + 1);
  const bool is_under_way = ring.stage() != local::Stage::kSettled;
  if (is_under_way && (!changes_.may_take_back || !random_.OneIn(2))) return;
  if (is_under_way && random_.OneIn(2)) {
    request.operation = node::Operation::kTakeBack;
  } else {
    local::Topology next = ring.topology();
    next.epoch = {next.epoch.value + 1};
    if (!Change(next)) return;
    request.operation = node::Operation::kApply;
    request.value = node::WriteTopology(next);
  }
  ++ordered_;
  Ask(request, 3);
}

void MemberPlan::Ask(const node::ClientRequest& request, int tries) {
  const auto answered = std::make_shared<bool>(false);
  cluster_.Ask(SomeNodeOfFirstRegion(), request,
               [answered](const node::ClientAnswer&) { *answered = true; });
  cluster_.queue().After(seconds(2), [this, request, tries, answered] {
    if (!*answered && !stopped_ && tries > 1) Ask(request, tries - 1);
  });
}

}  // namespace meridian::sim
