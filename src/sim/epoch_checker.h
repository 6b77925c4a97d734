// Views are unique and only go forward: of one number in one region, everybody stores the same, a
// later number never has an earlier epoch, and an epoch is one layout in all regions. A process
// never stores an earlier view than before, but after a crash that took the later one with it.

#pragma once

#include <map>

#include "base/ports.h"
#include "sim/sim_storage.h"
#include "sim/violations.h"

namespace meridian::sim {

class EpochChecker {
 public:
  // `violations` outlives this.
  explicit EpochChecker(Violations& violations) : violations_(violations) {}

  void OnApplied(ProcessId process, const WriteBatch& batch);
  // It begins with what its disk has now.
  void OnRestart(ProcessId process, const SimStorage& disk);

 private:
  struct Stored {
    std::uint64_t hash = 0;
    std::uint64_t epoch = 0;
  };
  Violations& violations_;
  std::map<RegionId, std::map<std::uint64_t, Stored>> views_;  // by number
  std::map<std::uint64_t, std::uint64_t> layouts_;             // hashes, by epoch
  std::map<ProcessId, std::uint64_t> last_;                    // numbers
};

}  // namespace meridian::sim
