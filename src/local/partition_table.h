// Who holds what in one region: partition -> preference list, for every placement.
//
//     partition 17 of placement "everywhere" in eu-west, N = 3:
//       [ eu-west-2  eu-west-5  eu-west-1 | eu-west-4  eu-west-3 ]
//         primaries, distinct racks first    fallbacks, in order
//
// The first primary of a partition is where clients send requests, so firsts are spread evenly too.
// Rules: balanced within one partition of the weights wherever racks allow it; the N primaries
// stand in min(N, racks) racks; a table made from a previous one moves no more partitions than
// balance asks for; a node of weight 0 is in no list. Pure: the same topology (and previous table)
// gives the same table on every process.

#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/codec.h"
#include "base/ids.h"
#include "local/topology.h"

namespace meridian::local {

struct PreferenceList {
  std::vector<NodeId> nodes;  // every node of the region that may serve: primaries, then fallbacks
  std::uint32_t primaries = 0;  // N

  bool IsPrimary(NodeId node) const;
  std::vector<NodeId> Primaries() const { return {nodes.begin(), nodes.begin() + primaries}; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(nodes, primaries);
    codec::Require(primaries <= nodes.size(), "more primaries than nodes");
  }
};

class PartitionTable {
 public:
  // `previous` is the table of the epoch before, or null for a new system. A placement without
  // this region has no lists. Requires a valid topology that has `region`.
  static PartitionTable Build(const Topology& topology, RegionId region,
                              const PartitionTable* previous = nullptr);

  // Null when this region does not hold the placement.
  const PreferenceList* ListOf(PlacementId placement, PartitionId partition) const;

  // The partitions of a placement that `node` holds as a primary, ascending.
  std::vector<PartitionId> PartitionsOf(PlacementId placement, NodeId node) const;

  // Whether it is a table for this topology: the right placements, partitions and copies.
  bool Fits(const Topology& topology, RegionId region) const;
  // Nothing is held: of a process that has not been told the table.
  bool empty() const { return lists_.empty(); }

  friend bool operator==(const PartitionTable&, const PartitionTable&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(lists_);
  }

 private:
  std::map<PlacementId, std::vector<PreferenceList>> lists_;  // indexed by partition
};

bool operator==(const PreferenceList& a, const PreferenceList& b);

// The table of every region of a topology.
using Tables = std::map<RegionId, PartitionTable>;

}  // namespace meridian::local
