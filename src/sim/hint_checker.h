// Hints on their way home, watched from the healing on: none is dropped before enough primaries
// have what is in it, and none stays once all of them have.
//
//     HintChecker hints;
//     after the healing, now and again:   hints.Look(cluster, violations);
//
// "Have": the dots of the hint are in the primary's seen vector. That a run comes to rest without
// hints is the rest checker's to say.

#pragma once

#include <map>
#include <utility>

#include "local/hint_store.h"
#include "sim/sim_cluster.h"
#include "sim/violations.h"

namespace meridian::sim {

class HintChecker {
 public:
  // Requires that nobody crashes between two looks.
  void Look(SimCluster& cluster, Violations& violations);

  // Hints that were there at any look.
  std::size_t seen() const { return seen_; }

 private:
  struct Known {
    Bytes bytes;
    Instant delivered = kNever;  // when all primaries were first seen to have it
  };
  using Kept = std::map<std::pair<ProcessId, Bytes>, Known>;

  Kept kept_;
  std::size_t seen_ = 0;
};

}  // namespace meridian::sim
