// Who watches a run from outside: sees every message, every batch and every crash, changes nothing.

#pragma once

#include "base/ports.h"
#include "sim/sim_storage.h"

namespace meridian::sim {

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnSent(const Message& message) = 0;
  virtual void OnApplied(ProcessId process, const WriteBatch& batch) = 0;
  // A node ended that minted as `actor`; `disk` is what its next start finds.
  virtual void OnCrashed(Actor actor, const SimStorage& disk) = 0;
  // Of a node that is down, before it is given another disk.
  virtual void OnDiskGone(ProcessId, const SimStorage&) {}
  // A node that is down was given this disk in place of its own.
  virtual void OnDiskReplaced(ProcessId, const SimStorage&) {}
};

}  // namespace meridian::sim
