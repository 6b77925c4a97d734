// What goes wrong in a run: every seed draws which faults are on and how strong they are.
//
//     seed 7   loss 2%/6%  late 1% by 3.1s  cuts every 4s for 2s  crashes every 1.5s, torn
//     seed 8   clock steps every 3s by up to 2h  slow disks 80ms
//
// A run with every fault at full strength does little else than fail; runs with a few of them go
// deep. Source: Groce et al., "Swarm testing", 2012.

#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "sim/sim_cluster.h"

namespace meridian::sim {

// A fault that comes again and again. Zero `every`: off.
struct Recurring {
  Duration every{};  // on average
  Duration lasts{};  // at most
};

struct Faults {
  LinkQuality in_region;
  LinkQuality between_regions;
  Recurring
      node_cuts;  // a node or two, from some or all of their region, in one or both directions
  Recurring region_cuts;  // between two regions, or one and all others
  Recurring node_crashes;
  bool crash_again = false;  // sometimes soon after the start
  bool torn_tails = false;
  std::uint64_t whole_region = 0;  // one crash in so many takes a region's nodes all at once
  Recurring gateway_crashes;
  Recurring blackouts;    // a region is cut off, and soon after loses its power
  Recurring clock_steps;  // `lasts`: by at most
  Duration sync_most = std::chrono::milliseconds(2);

  std::string ToString() const;
};

Faults DrawFaults(Random& random);

class FaultPlan {
 public:
  // `cluster` outlives this.
  FaultPlan(SimCluster& cluster, Faults faults, Random random);

  void Start();
  // Ends all faults for good: links perfect, everybody up, disks fast. Clocks stay where they are.
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
  void StepClock();
  std::vector<ProcessId> ProcessesOf(RegionId region) const;

  SimCluster& cluster_;
  Faults faults_;
  Random random_;
  bool healed_ = false;
  std::uint64_t crashes_ = 0;
};

}  // namespace meridian::sim
