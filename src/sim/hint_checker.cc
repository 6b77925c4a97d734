#include "sim/hint_checker.h"

#include <algorithm>

#include "base/fail_stop.h"
#include "local/stand_ins.h"

namespace meridian::sim {
namespace {

// Page, acknowledgement and the pause of a partition that could not be emptied, several times over.
constexpr Duration kDropWithin = std::chrono::seconds(30);

bool HasAll(const crdt::SeenVector& seen, const local::Hint& hint) {
  return hint.listed.Without(seen).empty() &&
         std::ranges::all_of(hint.row.versions, [&](const crdt::Version& version) {
           return seen.Contains(version.dot);
         });
}

struct Holding {
  std::size_t have = 0;  // primaries that have what is in the hint
  std::size_t primaries = 0;
};

Holding HoldingOf(SimCluster& cluster, ProcessId keeper, const crdt::RowKey& key,
                  const local::Hint& hint) {
  const local::Ring& ring = cluster.ring(keeper.region);
  const auto partition = ring.PartitionOfToken(key.placement, key.token());
  Holding holding;
  for (const NodeId node : ring.ListOf(partition)->Primaries()) {
    ++holding.primaries;
    const ProcessId process = NodeProcess(keeper.region, node);
    if (!cluster.IsUp(process)) continue;
    if (HasAll(cluster.ring_node(process).replica().log().Seen(partition), hint)) ++holding.have;
  }
  return holding;
}

}  // namespace

void HintChecker::Look(SimCluster& cluster, Violations& violations) {
  Kept now;
  for (const ProcessId node : cluster.nodes()) {
    OrStop(cluster.at(node).disk().Scan(Column::kHint, {}, {}, [&](const Entry& entry) {
      now[{node, Bytes(entry.key)}].bytes = Bytes(entry.value);
      return true;
    }));
  }
  const auto told = [](const std::pair<ProcessId, Bytes>& place) {
    return "the hint of key " + OrStop(crdt::ParseStorageKey(place.second)).key + " on " +
           ToString(place.first);
  };
  for (const auto& [place, known] : kept_) {
    const local::Hint hint = OrStop(local::DecodeHint(known.bytes));
    const auto still = now.find(place);
    const Holding holding =
        HoldingOf(cluster, place.first, OrStop(crdt::ParseStorageKey(place.second)), hint);
    if (still == now.end()) {
      const std::size_t wanted = local::CopiesBeforeDrop(hint.needed, holding.primaries);
      if (holding.have >= wanted) continue;
      violations.Add(told(place) + " was dropped when " + std::to_string(holding.have) + " of " +
                     std::to_string(wanted) + " primaries had it");
    } else if (still->second.bytes == known.bytes && holding.have == holding.primaries) {
      const Instant at = cluster.queue().now();
      still->second.delivered = std::min(known.delivered, at);
      if (at - still->second.delivered < kDropWithin) continue;
      violations.Add(told(place) + " is still there long after all primaries had it");
    }
  }
  for (const auto& [place, known] : now) seen_ += kept_.contains(place) ? 0U : 1U;
  kept_ = std::move(now);
}

}  // namespace meridian::sim
