// One process's view of its region: the topology, its own name, who holds what, and who is to.
//
//     settled    reads and writes: the N primaries of the one table
//     filling    reads: the former primaries     writes: W of the former ones and W of the new ones
//     switched   reads: the new primaries        writes: likewise both
//
// Everyone in src/local is handed a const reference; the machine that owns it adopts each new view
// (local/view.h) and then tells those who keep something that was made from the ring.

#pragma once

#include <optional>
#include <vector>

#include "base/ids.h"
#include "crdt/partition_key.h"
#include "crdt/row_key.h"
#include "local/partition_table.h"
#include "local/topology.h"
#include "local/view.h"

namespace meridian::local {

using crdt::PartitionKey;
using crdt::PartitionSeen;

class Ring {
 public:
  // What a layout says to one region.
  struct Part {
    Topology topology;
    PartitionTable table;
  };

  // The ring of a new system. Requires a valid topology that has the process's region.
  Ring(Topology topology, ProcessId self);
  // Of a process that knows whom to ask, and holds nothing until it is told.
  static Ring Unknown(Topology topology, ProcessId self);

  // Requires a newer view that IsUsableIn this region.
  void Adopt(const View& view);

  std::uint64_t view() const { return view_; }
  bool IsKnown() const { return view_ != 0; }
  Stage stage() const { return stage_; }
  const Topology& topology() const { return now_.topology; }
  // Null when there was no former one.
  const Topology* former_topology() const { return former_ ? &former_->topology : nullptr; }
  // Who serves reads, and coordinates.
  const PartitionTable& table() const {
    return stage_ == Stage::kFilling ? former_->table : now_.table;
  }
  ProcessId self() const { return self_; }
  const Region& region() const { return *now_.topology.FindRegion(self_.region); }

  PartitionKey PartitionOfToken(PlacementId placement, Token token) const {
    return {placement, PartitionOf(token, now_.topology.partition_bits)};
  }
  // Whether other regions hold it as well: one held by one only has nobody to ship to.
  bool LeavesRegion(PlacementId id) const {
    const Placement* placement = now_.topology.FindPlacement(id);
    return placement != nullptr && placement->replicas.size() > 1;
  }
  // Null when this region does not hold the placement.
  const PreferenceList* ListOf(PartitionKey key) const {
    return table().ListOf(key.placement, key.partition);
  }
  // Whose W primaries a write must reach besides those of ListOf; null when there are none.
  const PreferenceList* AlsoWrittenTo(PartitionKey key) const;
  ProcessId Process(NodeId node) const { return NodeProcess(self_.region, node); }
  // True when this process is one of the N primaries of the partition, for reads.
  bool IsMine(PartitionKey key) const {
    return self_.role == Role::kNode && IsPrimary(ListOf(key), {self_.number});
  }
  // Whether the node takes part in writes of the partition.
  bool IsWritten(PartitionKey key, NodeId node) const {
    return IsPrimary(ListOf(key), node) || IsPrimary(AlsoWrittenTo(key), node);
  }
  // Whether the node is to be filled before anybody reads the partition from it.
  bool IsFilling(PartitionKey key, NodeId node) const {
    return stage_ == Stage::kFilling && IsPrimary(AlsoWrittenTo(key), node) &&
           !IsPrimary(ListOf(key), node);
  }
  // All partitions of the placements that this region holds, ascending.
  std::vector<PartitionKey> Partitions() const;
  // Nodes of the present and the former topology in this region, ascending.
  std::vector<NodeId> Nodes() const;
  // Whether the present topology has this process.
  bool HasSelf() const { return self_.role == Role::kGateway || HasNode({self_.number}); }
  bool HasNode(NodeId node) const;

 private:
  static bool IsPrimary(const PreferenceList* list, NodeId node) {
    return list != nullptr && list->IsPrimary(node);
  }
  explicit Ring(ProcessId self) : self_(self) {}

  ProcessId self_;
  std::uint64_t view_ = 0;
  Stage stage_ = Stage::kSettled;
  Part now_;
  std::optional<Part> former_;
};

}  // namespace meridian::local
