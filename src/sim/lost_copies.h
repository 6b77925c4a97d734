// Whose copies went with their disks: for each value, the nodes that held it, as a row or as a
// hint, when their disk was taken away. An old copy in its place counts as a loss, whatever is in
// it.
//
//     LostCopies lost;
//     lost.OnDiskGone(node, disk);   before another one takes its place
//     lost.NodesOf("v17", {1})       2 nodes of region 1: written there with W = 3 it must still be
//                                    there, with W = 2 it may be lost
//
// Values are unique, so a value tells the write.

#pragma once

#include <map>
#include <set>

#include "base/bytes.h"
#include "base/ids.h"
#include "sim/sim_storage.h"

namespace meridian::sim {

class LostCopies {
 public:
  void OnDiskGone(ProcessId node, const SimStorage& disk);

  std::size_t NodesOf(const Bytes& value, RegionId region) const;

 private:
  std::map<Bytes, std::set<ProcessId>> nodes_of_value_;
};

}  // namespace meridian::sim
