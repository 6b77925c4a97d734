// Who can serve a partition right now: its primaries, and the fallbacks that stand in for them.
//
//     list  [ 2  5  1 | 4  3 ]     5 and 1 are down, W = 2
//             up       up up
//     a sloppy write has 3 nodes to choose from, a strict one 1
//
// Pure: a preference list and an opinion in, nodes out, in the list's order but suspects last. The
// node itself is always up.

#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "local/liveness.h"
#include "local/partition_table.h"

namespace meridian::local {

struct Healthy {
  std::vector<NodeId> primaries;
  std::vector<NodeId> fallbacks;
};

Healthy HealthyOf(const PreferenceList& list, const Liveness& liveness, NodeId self);
// How many these are: the primaries alone, or all of them.
std::size_t CountHealthy(const PreferenceList& list, const Liveness& liveness, NodeId self,
                         bool with_fallbacks);

// How many primaries must hold a write before a hint of it may be dropped (rule 8): W of the put,
// but a quorum at least, and no more than there are.
inline std::size_t CopiesBeforeDrop(std::size_t needed, std::size_t primaries) {
  return std::min(std::max(needed, primaries / 2 + 1), primaries);
}

}  // namespace meridian::local
