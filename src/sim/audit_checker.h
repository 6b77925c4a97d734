// The audit finds nothing: simulated disks do not rot, so whatever it would mend, at rest or in the
// storm, is a fault of the trees, of the verdicts or of the replication itself.
//
// A mend or a recount is a message, seen as it is sent; what is reported without being mended is
// asked for at rest, after every row was read from disk once more.

#pragma once

#include "sim/observer.h"
#include "sim/violations.h"

namespace meridian::sim {

class SimCluster;

class AuditChecker final : public Observer {
 public:
  // `violations` outlives this.
  explicit AuditChecker(Violations& violations) : violations_(violations) {}

  void OnSent(const Message& message) override;
  void OnApplied(ProcessId, const WriteBatch&) override {}
  void OnCrashed(Actor, const SimStorage&) override {}

  // At rest: has every node read all its rows and compare them with its peers. Runs the cluster.
  void Check(SimCluster& cluster);

 private:
  Violations& violations_;
};

}  // namespace meridian::sim
