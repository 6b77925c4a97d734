// Shows everything that happens to all checkers that watch a run.

#pragma once

#include "sim/audit_checker.h"
#include "sim/dot_checker.h"
#include "sim/epoch_checker.h"
#include "sim/hole_checker.h"
#include "sim/lost_copies.h"

namespace meridian::sim {

class Watchers final : public Observer {
 public:
  // All outlive this.
  Watchers(DotChecker& dots, HoleChecker& holes, AuditChecker& audits, Violations& violations)
      : dots_(dots), holes_(holes), audits_(audits), epochs_(violations) {}

  void OnSent(const Message& message) override {
    dots_.OnSent(message);
    audits_.OnSent(message);
  }
  void OnApplied(ProcessId process, const WriteBatch& batch) override {
    dots_.OnApplied(process, batch);
    epochs_.OnApplied(process, batch);
  }
  void OnDiskGone(ProcessId process, const SimStorage& disk) override {
    lost_.OnDiskGone(process, disk);
  }
  void OnDiskReplaced(ProcessId process, const SimStorage& disk) override {
    holes_.OnDiskReplaced(process, disk);
    epochs_.OnRestart(process, disk);
  }
  void OnCrashed(Actor actor, const SimStorage& disk) override {
    holes_.OnCrashed(actor, disk);
    epochs_.OnRestart(NodeProcess(actor.region(), actor.node()), disk);
  }

  const LostCopies& lost() const { return lost_; }

 private:
  DotChecker& dots_;
  HoleChecker& holes_;
  AuditChecker& audits_;
  EpochChecker epochs_;
  LostCopies lost_;
};

}  // namespace meridian::sim
