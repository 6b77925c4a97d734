#include "sim/lost_copies.h"

#include <algorithm>

#include "base/fail_stop.h"
#include "local/hint_store.h"

namespace meridian::sim {

void LostCopies::OnDiskGone(ProcessId node, const SimStorage& disk) {
  const auto note = [&](const crdt::Row& row) {
    for (const crdt::Version& version : row.versions) {
      if (version.value) nodes_of_value_[*version.value].insert(node);
    }
  };
  OrStop(disk.Scan(Column::kData, {}, {}, [&](const Entry& entry) {
    note(OrStop(crdt::DecodeRow(entry.value)));
    return true;
  }));
  OrStop(disk.Scan(Column::kHint, {}, {}, [&](const Entry& entry) {
    note(OrStop(local::DecodeHint(entry.value)).row);
    return true;
  }));
}

std::size_t LostCopies::NodesOf(const Bytes& value, RegionId region) const {
  const auto nodes = nodes_of_value_.find(value);
  if (nodes == nodes_of_value_.end()) return 0;
  return static_cast<std::size_t>(std::ranges::count(nodes->second, region, &ProcessId::region));
}

}  // namespace meridian::sim
