// What a change of the topology would do, before it is done: which partitions move, from whom to
// whom, the balance before and after, and what speaks against it.
//
//     present: us-east-1..3, N = 2      next: us-east-4 joins
//     PlanChange(present, tables, next)
//       moves     partition 17 of "everywhere": us-east-2 -> us-east-4, ...
//       shares    us-east-1  171 -> 128 copies, by weight 128.0
//       risks     "us-east: N of everywhere would be above the number of racks ..."
//       refusals  "the number of partitions is fixed for the life of the system ..."
//
// Next tables are made from the present ones (PartitionTable::Build with `previous`), so that a
// plan shows what an apply does. A plan with refusals cannot be applied. Pure.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "crdt/partition_key.h"
#include "local/partition_table.h"
#include "local/topology.h"

namespace meridian::local {

// One copy of one partition that one node is to get.
struct Move {
  crdt::PartitionKey key;
  NodeId from;  // who gives its copy up; 0: nobody does, there is to be one copy more
  NodeId to;    // 0: nobody comes, there is to be one copy less

  friend bool operator==(const Move&, const Move&) = default;
};

struct NodeShare {
  NodeId id;
  std::string name;
  std::uint32_t weight = 0;  // afterwards; 0 also for a node that goes
  std::size_t before = 0;    // copies of partitions
  std::size_t after = 0;
  double by_weight = 0;  // copies afterwards, were they divisible
};

struct RegionPlan {
  RegionId id;
  std::string name;
  std::vector<Move> moves;
  std::vector<NodeShare> shares;  // of all nodes of either topology, ascending id
  std::size_t copies = 0;         // afterwards, of all partitions
  std::size_t racks_before = 0;   // of nodes with a weight above 0
  std::size_t racks_after = 0;
  std::size_t badly_spread = 0;  // partitions in fewer racks than N, afterwards
};

struct TopologyPlan {
  std::vector<std::string> changes;   // what differs, a line each
  std::vector<std::string> risks;     // may be applied, with open eyes
  std::vector<std::string> refusals;  // may not
  std::vector<RegionPlan> regions;    // empty when the tables cannot be made

  bool MovesAnything() const;
};

// `tables`: the present one of every region of the present topology.
TopologyPlan PlanChange(const Topology& present, const Tables& tables, const Topology& next);

}  // namespace meridian::local
