#include "sim/owner_checker.h"

#include "base/big_endian.h"
#include "base/fail_stop.h"

namespace meridian::sim {
namespace {

crdt::PartitionKey PlaceAt(ByteView key, std::size_t offset) {
  const ByteView place = key.substr(offset);
  return {{ReadBigEndian<std::uint16_t>(place)}, {ReadBigEndian<std::uint16_t>(place.substr(2))}};
}

// Whose partition an entry is of; nothing when it is of none.
std::optional<crdt::PartitionKey> PartitionOf(const local::Ring& ring, Column column,
                                              ByteView key) {
  switch (column) {
    case Column::kData: {
      const crdt::RowKey row = OrStop(crdt::ParseStorageKey(key));
      return ring.PartitionOfToken(row.placement, row.token());
    }
    case Column::kLog: return PlaceAt(key, 0);
    case Column::kTree: return PlaceAt(key, 4);  // after "snap", "leaf" or "mark"
    case Column::kMeta:
      for (const ByteView kind : {"seen", "filling", "leaving"}) {
        if (key.starts_with(kind)) return PlaceAt(key, kind.size());
      }
      return std::nullopt;
    case Column::kHint:
    case Column::kDead: return std::nullopt;
  }
  return std::nullopt;
}

const char* WhatIsIn(Column column) {
  switch (column) {
    case Column::kData: return "a row";
    case Column::kLog: return "a log row";
    case Column::kTree: return "a piece of a tree";
    default: return "a note";
  }
}

std::optional<std::string> ForeignOn(const SimCluster& cluster, ProcessId process,
                                     const local::Ring& newest) {
  std::optional<std::string> foreign;
  for (const Column column : {Column::kData, Column::kLog, Column::kTree, Column::kMeta}) {
    OrStop(cluster.at(process).disk().Scan(column, {}, {}, [&](const Entry& entry) {
      const auto key = PartitionOf(newest, column, entry.key);
      const local::PreferenceList* list = key ? newest.ListOf(*key) : nullptr;
      if (!key || (list != nullptr && list->IsPrimary({process.number}))) return true;
      foreign = std::string(" has ") + WhatIsIn(column) + " of partition " +
                std::to_string(key->partition.value) + " of placement " +
                std::to_string(key->placement.value) + ", which is not its own";
      return false;
    }));
    if (foreign) break;
  }
  return foreign;
}

}  // namespace

std::optional<std::string> ComplaintOfOwners(SimCluster& cluster) {
  for (const ProcessId process : cluster.nodes()) {
    if (!cluster.IsUp(process)) return "node " + ToString(process) + " is down";
    const local::Ring& ring = cluster.ring_node(process).ring();
    const local::Ring& newest = cluster.ring(process.region);
    const std::string name = "node " + ToString(process);
    if (ring.IsKnown() && ring.stage() != local::Stage::kSettled) {
      return name + " is in view " + std::to_string(ring.view()) + ", " + NameOf(ring.stage());
    }
    if (newest.topology().epoch < cluster.ring({1}).topology().epoch) {
      return name + " is at an older epoch than region 1";
    }
    // Who never came in, or is no member any more, is nobody's concern but for what it keeps.
    if (newest.HasNode({process.number}) && ring.view() != newest.view()) {
      return name + " is in an older view";
    }
    if (const auto foreign = ForeignOn(cluster, process, newest)) return name + *foreign;
  }
  return std::nullopt;
}

}  // namespace meridian::sim
