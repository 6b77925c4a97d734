#include "local/stand_ins.h"

namespace meridian::local {

Healthy HealthyOf(const PreferenceList& list, const Liveness& liveness, NodeId self) {
  Healthy healthy;
  for (std::size_t i = 0; i < list.nodes.size(); ++i) {
    const NodeId node = list.nodes[i];
    if (node != self && !liveness.IsUp(node)) continue;
    (i < list.primaries ? healthy.primaries : healthy.fallbacks).push_back(node);
  }
  const auto is_alive = [&](NodeId node) {
    return node == self || liveness.StateOf(node) == PeerState::kAlive;
  };
  std::ranges::stable_partition(healthy.primaries, is_alive);
  std::ranges::stable_partition(healthy.fallbacks, is_alive);
  return healthy;
}

std::size_t CountHealthy(const PreferenceList& list, const Liveness& liveness, NodeId self,
                         bool with_fallbacks) {
  const std::size_t end = with_fallbacks ? list.nodes.size() : list.primaries;
  std::size_t count = 0;
  for (std::size_t i = 0; i < end; ++i) {
    if (list.nodes[i] == self || liveness.IsUp(list.nodes[i])) ++count;
  }
  return count;
}

}  // namespace meridian::local
