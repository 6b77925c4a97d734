// Lets the drawn faults strike a cluster, again and again until it heals.
//
//     FaultPlan plan(cluster, DrawFaults(random), random.Fork());
//     plan.Start();  ...  plan.Heal();
//
// Whom a fault strikes, when and for how long is drawn as the run goes.

#pragma once

#include <functional>
#include <vector>

#include "base/random.h"
#include "sim/faults.h"
#include "sim/sim_cluster.h"

namespace meridian::sim {

class FaultPlan {
 public:
  // `cluster` outlives this.
  FaultPlan(SimCluster& cluster, Faults faults, Random random);

  void Start();
  // Ends all faults for good: links perfect, everybody up and running, disks fast. Clocks stay
  // where they are.
  void Heal();

  std::uint64_t crashes() const { return crashes_; }

 private:
  void Repeat(Recurring fault, std::function<void()> strike);
  Duration DrawLength(Duration most);
  void CutNodes();
  void CutRegions();
  void CutLinks(const std::vector<ProcessId>& some, const std::vector<ProcessId>& others,
                std::uint64_t directions, Duration length);
  void CrashNodes();
  void BlackOut();
  void Crash(ProcessId process, Duration down_most);
  void StrikeDisk();
  bool MayLoseDisk(ProcessId node) const;
  void StepClock();
  void Pause();
  void SlowDown();
  void FillDisk();
  ProcessId DrawProcess();
  std::vector<ProcessId> ProcessesOf(RegionId region) const;

  SimCluster& cluster_;
  Faults faults_;
  Random random_;
  bool healed_ = false;
  std::uint64_t crashes_ = 0;
};

}  // namespace meridian::sim
