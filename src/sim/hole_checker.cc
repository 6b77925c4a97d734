#include "sim/hole_checker.h"

#include <algorithm>

#include "base/fail_stop.h"
#include "local/log_keys.h"

namespace meridian::sim {
namespace {

// The highest dot of the actor in the partition's log on this disk; 0 when there is none.
std::uint64_t HighestLogged(const Storage& disk, crdt::PartitionKey partition, Actor actor) {
  std::uint64_t highest = 0;
  OrStop(disk.Scan(Column::kLog, local::LogKey(partition, {actor, 0}),
                   local::LogKey(partition, {{actor.packed + 1}, 0}), [&](const Entry& entry) {
                     highest = local::DotOfLogKey(entry.key).sequence;
                     return true;
                   }));
  return highest;
}

}  // namespace

HoleChecker::HoleChecker(const local::Topology& topology) {
  for (const local::Placement& placement : topology.placements) {
    for (std::uint32_t p = 0; p < topology.partitions(); ++p) {
      partitions_.push_back({placement.id, {static_cast<std::uint16_t>(p)}});
    }
  }
}

void HoleChecker::OnCrashed(Actor actor, const SimStorage& disk) {
  for (const crdt::PartitionKey partition : partitions_) {
    kept_[{partition, actor}] = HighestLogged(disk, partition, actor);
  }
}

void HoleChecker::OnDiskReplaced(ProcessId process, const SimStorage& disk) {
  for (auto& [minted, highest] : kept_) {
    const auto& [partition, actor] = minted;
    if (NodeProcess(actor.region(), actor.node()) != process) continue;
    highest = std::min(highest, HighestLogged(disk, partition, actor));
  }
}

// What must be everywhere: of the dead what they had kept, of the living all they minted.
std::map<HoleChecker::Minted, std::uint64_t> HoleChecker::Expected(
    const SimCluster& cluster) const {
  std::map<Minted, std::uint64_t> expected = kept_;
  for (const ProcessId process : cluster.nodes()) {
    const Actor actor = cluster.ring_node(process).replica().actor();
    for (const crdt::PartitionKey partition : partitions_) {
      expected[{partition, actor}] = HighestLogged(cluster.at(process).disk(), partition, actor);
    }
  }
  return expected;
}

void HoleChecker::Check(const SimCluster& cluster, Violations& violations) const {
  const std::map<Minted, std::uint64_t> expected = Expected(cluster);
  for (const ProcessId process : cluster.nodes()) {
    const local::PartitionLog& log = cluster.ring_node(process).replica().log();
    for (const auto& [minted, highest] : expected) {
      const auto& [partition, actor] = minted;
      if (highest == 0 || !log.Holds(partition)) continue;
      const crdt::IntervalSet* seen = log.Seen(partition).SequencesOf(actor);
      if (seen != nullptr && seen->Covers(crdt::IntervalSet({1, highest}))) continue;
      violations.Add("node " + ToString(process) + " lacks dots of " + ToString(actor) +
                     " in partition " + std::to_string(partition.partition.value) +
                     " of placement " + std::to_string(partition.placement.value) + ": has " +
                     (seen == nullptr ? "none" : seen->ToString()) + ", must have 1-" +
                     std::to_string(highest));
    }
  }
}

}  // namespace meridian::sim
