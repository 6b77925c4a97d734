// Holes in an actor's sequence are at its end only: what it still had when it crashed is nowhere
// missing at rest, and who lives has no holes at all (rule 2).
//
//     minted by 1.2#3      1 2 3 4 5 6 7
//     on its disk after    1 2 3 4
//     at rest, anywhere    1 2 3 4   6      right: 5 and 7 were lost, 6 had reached another
//                          1 2   4          wrong

#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "crdt/partition_key.h"
#include "sim/observer.h"
#include "sim/sim_cluster.h"
#include "sim/violations.h"

namespace meridian::sim {

class HoleChecker final : public Observer {
 public:
  explicit HoleChecker(const local::Topology& topology);

  void OnSent(const Message&) override {}
  void OnApplied(ProcessId, const WriteBatch&) override {}
  void OnCrashed(Actor actor, const SimStorage& disk) override;

  // What the node had minted, as any of its actors, and what is not on this disk may be nowhere.
  void OnDiskReplaced(ProcessId process, const SimStorage& disk) override;

  // At rest, all nodes up.
  void Check(const SimCluster& cluster, Violations& violations) const;

 private:
  using Minted = std::pair<crdt::PartitionKey, Actor>;
  std::map<Minted, std::uint64_t> Expected(const SimCluster& cluster) const;

  std::vector<crdt::PartitionKey> partitions_;
  std::map<Minted, std::uint64_t> kept_;  // highest sequence on the disk after the crash
};

}  // namespace meridian::sim
