// Cheapest maximum flow from a source to a sink: the arithmetic behind the partition table.
//
//     source ──▶ partition ──▶ node ──▶ sink      capacities say what may be, costs what is liked;
//                                                 whole numbers in, whole numbers out
//
// Deterministic: equal networks built in the same order have the same answer, and among equally
// cheap arcs those added first are tried first. Successive shortest paths with potentials; a level
// graph per distance (Dinic), so that the rounds are few when the distinct costs are few.
// Source: Ahuja, Magnanti, Orlin, "Network Flows", 1993, chapter 9.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace meridian::local {

class FlowNetwork {
 public:
  using Vertex = std::uint32_t;
  using Arc = std::uint32_t;

  explicit FlowNetwork(std::size_t vertices) : arcs_of_(vertices) {}

  // Requires capacity >= 0 and cost >= 0. The answer names the arc for FlowOn.
  Arc AddArc(Vertex from, Vertex to, std::int64_t capacity, std::int64_t cost);

  // Fills the network as far as it goes, at the least cost; returns the amount. Once only.
  std::int64_t Fill(Vertex source, Vertex sink);

  std::int64_t FlowOn(Arc arc) const { return half_arcs_[arc ^ 1].room; }

 private:
  struct HalfArc {  // arcs stand in pairs: 2k forward, 2k + 1 its reverse
    Vertex to;
    std::int64_t room;  // capacity that is left
    std::int64_t cost;
  };
  // How far a vertex is from the source: cost first, then arcs, so that a level graph has no loops.
  struct Distance {
    std::int64_t cost;
    std::uint32_t arcs;
    friend auto operator<=>(const Distance&, const Distance&) = default;
  };

  bool Measure(Vertex source, Vertex sink);
  std::int64_t Push(Vertex source, Vertex sink);
  bool IsDownhill(Vertex from, const HalfArc& arc) const;
  std::int64_t ReducedCost(Vertex from, const HalfArc& arc) const {
    return arc.cost + potential_[from] - potential_[arc.to];
  }

  std::vector<HalfArc> half_arcs_;
  std::vector<std::vector<Arc>> arcs_of_;  // by the vertex they leave
  std::vector<std::int64_t> potential_;
  std::vector<Distance> distance_;
  std::vector<std::size_t>
      next_arc_;  // by vertex: arcs before this one are exhausted in this round
};

}  // namespace meridian::local
