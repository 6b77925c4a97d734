// Shows everything that happens to both checkers that watch a run.

#pragma once

#include "sim/dot_checker.h"
#include "sim/hole_checker.h"

namespace meridian::sim {

class Watchers final : public Observer {
 public:
  // Both outlive this.
  Watchers(DotChecker& dots, HoleChecker& holes) : dots_(dots), holes_(holes) {}

  void OnSent(const Message& message) override { dots_.OnSent(message); }
  void OnApplied(ProcessId process, const WriteBatch& batch) override {
    dots_.OnApplied(process, batch);
  }
  void OnCrashed(Actor actor, const SimStorage& disk) override { holes_.OnCrashed(actor, disk); }

 private:
  DotChecker& dots_;
  HoleChecker& holes_;
};

}  // namespace meridian::sim
