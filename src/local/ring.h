// One process's fixed view of its region: the topology, its own name, and who holds what.
//
// A value for the life of an epoch; everyone in src/local is handed a const reference to it.

#pragma once

#include "base/ids.h"
#include "crdt/partition_key.h"
#include "crdt/row_key.h"
#include "local/partition_table.h"
#include "local/topology.h"

namespace meridian::local {

using crdt::PartitionKey;
using crdt::PartitionSeen;

class Ring {
 public:
  // Requires a valid topology that has the process's region.
  Ring(Topology topology, ProcessId self)
      : topology_(std::move(topology)),
        self_(self),
        table_(PartitionTable::Build(topology_, self.region)) {}

  const Topology& topology() const { return topology_; }
  const PartitionTable& table() const { return table_; }
  ProcessId self() const { return self_; }
  const Region& region() const { return *topology_.FindRegion(self_.region); }

  PartitionKey PartitionOfToken(PlacementId placement, Token token) const {
    return {placement, PartitionOf(token, topology_.partition_bits)};
  }
  // Null when this region does not hold the placement.
  const PreferenceList* ListOf(PartitionKey key) const {
    return table_.ListOf(key.placement, key.partition);
  }
  ProcessId Process(NodeId node) const { return NodeProcess(self_.region, node); }
  // True when this process is one of the N primaries of the partition.
  bool IsMine(PartitionKey key) const {
    const PreferenceList* list = ListOf(key);
    return list != nullptr && self_.role == Role::kNode && list->IsPrimary({self_.number});
  }

 private:
  Topology topology_;
  ProcessId self_;
  PartitionTable table_;
};

}  // namespace meridian::local
