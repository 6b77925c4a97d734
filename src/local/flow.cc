#include "local/flow.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <utility>

#include "base/check.h"

namespace meridian::local {
namespace {

constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();

}  // namespace

FlowNetwork::Arc FlowNetwork::AddArc(Vertex from, Vertex to, std::int64_t capacity,
                                     std::int64_t cost) {
  MERIDIAN_CHECK(capacity >= 0 && cost >= 0);
  const Arc arc = static_cast<Arc>(half_arcs_.size());
  half_arcs_.push_back({to, capacity, cost});
  half_arcs_.push_back({from, 0, -cost});
  arcs_of_[from].push_back(arc);
  arcs_of_[to].push_back(arc + 1);
  return arc;
}

std::int64_t FlowNetwork::Fill(Vertex source, Vertex sink) {
  potential_.assign(arcs_of_.size(), 0);
  std::int64_t total = 0;
  while (Measure(source, sink)) {
    next_arc_.assign(arcs_of_.size(), 0);
    while (const std::int64_t pushed = Push(source, sink)) total += pushed;
  }
  return total;
}

// Dijkstra over the reduced costs, which are never negative; false when the sink is out of reach.
bool FlowNetwork::Measure(Vertex source, Vertex sink) {
  using Stop = std::pair<Distance, Vertex>;
  std::priority_queue<Stop, std::vector<Stop>, std::greater<>> open;
  distance_.assign(arcs_of_.size(), {kFar, 0});
  distance_[source] = {0, 0};
  open.push({distance_[source], source});
  while (!open.empty()) {
    const auto [distance, vertex] = open.top();
    open.pop();
    if (distance != distance_[vertex]) continue;
    for (const Arc index : arcs_of_[vertex]) {
      const HalfArc& arc = half_arcs_[index];
      if (arc.room == 0) continue;
      const Distance through{distance.cost + ReducedCost(vertex, arc), distance.arcs + 1};
      if (through >= distance_[arc.to]) continue;
      distance_[arc.to] = through;
      open.push({through, arc.to});
    }
  }
  if (distance_[sink].cost == kFar) return false;
  // Beyond the sink nothing is walked in this round; the cap keeps every reduced cost at 0 or more.
  for (Vertex vertex = 0; vertex < potential_.size(); ++vertex) {
    potential_[vertex] += std::min(distance_[vertex].cost, distance_[sink].cost);
  }
  return true;
}

bool FlowNetwork::IsDownhill(Vertex from, const HalfArc& arc) const {
  return arc.room > 0 && ReducedCost(from, arc) == 0 &&
         distance_[arc.to].arcs == distance_[from].arcs + 1;
}

// Walks one cheapest path and fills it; 0 when the round has no path left.
std::int64_t FlowNetwork::Push(Vertex source, Vertex sink) {
  std::vector<Arc> path;
  Vertex at = source;
  while (at != sink) {
    std::size_t& next = next_arc_[at];
    while (next < arcs_of_[at].size() && !IsDownhill(at, half_arcs_[arcs_of_[at][next]])) ++next;
    if (next < arcs_of_[at].size()) {
      path.push_back(arcs_of_[at][next]);
      at = half_arcs_[path.back()].to;
    } else if (path.empty()) {
      return 0;
    } else {
      at = half_arcs_[path.back() ^ 1].to;
      path.pop_back();
      ++next_arc_[at];
    }
  }
  std::int64_t amount = kFar;
  for (const Arc arc : path) amount = std::min(amount, half_arcs_[arc].room);
  for (const Arc arc : path) {
    half_arcs_[arc].room -= amount;
    half_arcs_[arc ^ 1].room += amount;
  }
  return amount;
}

}  // namespace meridian::local
