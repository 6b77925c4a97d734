// Dots are unique: two different versions never have one dot, anywhere, at any time (rule 2).
//
// Looks into every message that carries rows and every row that is stored, so it sees a version
// also when nobody keeps it. A dot counts within its partition; a version is its row's key, stamp
// and value. Remembers under how many dots each value went, for checkers that know values only.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "crdt/partition_key.h"
#include "crdt/row_update.h"
#include "sim/observer.h"
#include "sim/violations.h"

namespace meridian::sim {

class DotChecker final : public Observer {
 public:
  // `violations` outlives this.
  DotChecker(unsigned partition_bits, Violations& violations)
      : partition_bits_(partition_bits), violations_(violations) {}

  void OnSent(const Message& message) override;
  void OnApplied(ProcessId process, const WriteBatch& batch) override;
  void OnCrashed(Actor, const SimStorage&) override {}

  // 0: the value was never written anywhere.
  std::size_t DotsOf(const Bytes& value) const;

 private:
  using Named = std::pair<crdt::PartitionKey, crdt::Dot>;
  void See(const crdt::RowKey& key, const crdt::Row& row, ProcessId where);
  void SeeAll(const std::vector<crdt::RowUpdate>& rows, ProcessId where);

  const unsigned partition_bits_;
  Violations& violations_;
  std::map<Named, std::uint64_t> versions_;  // digest of what the dot names
  std::map<Bytes, std::set<Named>> dots_of_value_;
};

}  // namespace meridian::sim
