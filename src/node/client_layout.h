// What a client library must know of a ring that has changed: who serves reads, and where.
//
//     kTopology with key "3"  ──>  nothing, or ClientLayout{view 4, nodes, lists}
//
// Of a region, encoded; the list of a partition names nodes of `topology` only.

#pragma once

#include "base/codec.h"
#include "local/partition_table.h"
#include "local/topology.h"

namespace meridian::node {

struct ClientLayout {
  std::uint64_t view = 0;
  local::Topology topology;
  local::PartitionTable table;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(view, topology, table);
  }
};

// kCorrupt unless it is whole: every partition that `region` holds has its list there, and each
// list names nodes of the region that the topology has.
Result<ClientLayout> DecodeClientLayout(ByteView bytes, RegionId region);

}  // namespace meridian::node
