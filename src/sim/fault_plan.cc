#include "sim/fault_plan.h"

#include <algorithm>

namespace meridian::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr LinkQuality kPerfectNear{microseconds(100), microseconds(400), 0, 0, 0, {}, true};
constexpr LinkQuality kPerfectFar{milliseconds(20), milliseconds(25), 0, 0, 0, {}, true};

}  // namespace

FaultPlan::FaultPlan(SimCluster& cluster, Faults faults, Random random)
    : cluster_(cluster), faults_(faults), random_(random) {}

void FaultPlan::Start() {
  cluster_.network().SetQuality(faults_.in_region, faults_.between_regions);
  for (const ProcessId node : cluster_.nodes()) {
    cluster_.at(node).SetSyncTime(microseconds(200),
                                  DrawBetween(random_, milliseconds(1), faults_.sync_most));
  }
  Repeat(faults_.node_cuts, [this] { CutNodes(); });
  Repeat(faults_.region_cuts, [this] { CutRegions(); });
  Repeat(faults_.node_crashes, [this] { CrashNodes(); });
  Repeat(faults_.gateway_crashes,
         [this] { Crash(random_.Pick(cluster_.gateways()), faults_.gateway_crashes.lasts); });
  Repeat(faults_.blackouts, [this] { BlackOut(); });
  Repeat(faults_.clock_steps, [this] { StepClock(); });
  Repeat(faults_.pauses, [this] { Pause(); });
  Repeat(faults_.lost_disks, [this] { StrikeDisk(); });
  Repeat(faults_.slowness, [this] { SlowDown(); });
  Repeat(faults_.full_disks, [this] { FillDisk(); });
}

void FaultPlan::Repeat(Recurring fault, std::function<void()> strike) {
  if (!fault.is_on()) return;
  cluster_.queue().After(DrawLength(2 * fault.every), [this, fault, strike] {
    if (healed_) return;
    strike();
    Repeat(fault, strike);
  });
}

// Short ones too: much goes wrong only when things come back at once.
Duration FaultPlan::DrawLength(Duration most) {
  if (random_.OneIn(4)) most /= 50;
  return DrawBetween(random_, milliseconds(1), std::max<Duration>(most, milliseconds(2)));
}

std::vector<ProcessId> FaultPlan::ProcessesOf(RegionId region) const {
  std::vector<ProcessId> processes;
  for (const auto* all : {&cluster_.nodes(), &cluster_.gateways()}) {
    std::ranges::copy_if(*all, std::back_inserter(processes),
                         [&](ProcessId process) { return process.region == region; });
  }
  return processes;
}

void FaultPlan::CutNodes() {
  std::vector<ProcessId> others = ProcessesOf(random_.Pick(cluster_.topology().regions).id);
  random_.Shuffle(others);
  const std::size_t count = std::min<std::size_t>(random_.Between(1, 2), others.size() - 1);
  const std::vector<ProcessId> some(others.end() - static_cast<std::ptrdiff_t>(count),
                                    others.end());
  others.resize(others.size() - count);
  if (random_.OneIn(2)) others.resize(random_.Between(1, others.size()));
  CutLinks(some, others, random_.Between(1, 3), DrawLength(faults_.node_cuts.lasts));
}

void FaultPlan::CutRegions() {
  const RegionId one = random_.Pick(cluster_.topology().regions).id;
  const RegionId kept = random_.Pick(cluster_.topology().regions).id;
  std::vector<ProcessId> others;
  for (const ProcessId gateway : cluster_.gateways()) {
    if (gateway.region != one && gateway.region != kept) others.push_back(gateway);
  }
  CutLinks(ProcessesOf(one), others, random_.Between(1, 3), DrawLength(faults_.region_cuts.lasts));
}

// 1: from some to the others, 2: back, 3: both.
void FaultPlan::CutLinks(const std::vector<ProcessId>& some, const std::vector<ProcessId>& others,
                         std::uint64_t directions, Duration length) {
  std::vector<std::pair<ProcessId, ProcessId>> links;
  for (const ProcessId one : some) {
    for (const ProcessId other : others) {
      if ((directions & 1) != 0) links.emplace_back(one, other);
      if ((directions & 2) != 0) links.emplace_back(other, one);
    }
  }
  for (const auto& [from, to] : links) cluster_.network().Cut(from, to);
  cluster_.queue().After(length, [this, links] {
    for (const auto& [from, to] : links) cluster_.network().Join(from, to);
  });
}

void FaultPlan::CrashNodes() {
  const ProcessId node = random_.Pick(cluster_.nodes());
  if (!random_.OneIn(faults_.whole_region)) return Crash(node, faults_.node_crashes.lasts);
  for (const ProcessId other : cluster_.nodes()) {
    if (other.region == node.region) Crash(other, faults_.node_crashes.lasts);
  }
}

void FaultPlan::Crash(ProcessId process, Duration down_most) {
  if (!cluster_.IsUp(process)) return;
  ++crashes_;
  cluster_.Crash(process, faults_.torn_tails && random_.OneIn(2));
  cluster_.queue().After(DrawLength(down_most), [this, process, down_most] {
    if (cluster_.IsUp(process)) return;
    cluster_.Start(process);
    if (healed_ || !faults_.crash_again || !random_.OneIn(3)) return;
    cluster_.queue().After(DrawLength(milliseconds(400)), [this, process, down_most] {
      if (!healed_) Crash(process, down_most);
    });
  });
}

// What the region acknowledged meanwhile is on its disks or nowhere.
void FaultPlan::BlackOut() {
  const RegionId dark = random_.Pick(cluster_.topology().regions).id;
  std::vector<ProcessId> others;
  std::ranges::copy_if(cluster_.gateways(), std::back_inserter(others),
                       [&](ProcessId gateway) { return gateway.region != dark; });
  const std::vector<ProcessId> all = ProcessesOf(dark);
  const Duration until = DrawLength(milliseconds(800));
  CutLinks(all, others, 3, until + faults_.blackouts.lasts);
  cluster_.queue().After(until, [this, all] {
    if (healed_) return;
    for (const ProcessId process : all) Crash(process, faults_.blackouts.lasts);
  });
}

// A copy is made now and may come back at any later time.
void FaultPlan::StrikeDisk() {
  const ProcessId node = random_.Pick(cluster_.nodes());
  if (!cluster_.IsUp(node)) return;
  if (random_.OneIn(2)) return cluster_.BackUp(node);
  if (!MayLoseDisk(node)) return;
  Crash(node, faults_.lost_disks.lasts);
  if (cluster_.HasBackup(node) && random_.OneIn(2)) {
    cluster_.RestoreDisk(node);
  } else {
    cluster_.LoseDisk(node);
  }
}

// Fewer nodes of a region than are to hold each row. What only they held may be lost; the checkers
// know of each write who held it.
bool FaultPlan::MayLoseDisk(ProcessId node) const {
  std::size_t copies = cluster_.topology().FindRegion(node.region)->nodes.size();
  for (const local::Placement& placement : cluster_.topology().placements) {
    const auto at = placement.replicas.find(node.region);
    if (at != placement.replicas.end()) copies = std::min<std::size_t>(copies, at->second);
  }
  const bool is_new = !cluster_.WasReplaced(node);
  return cluster_.DisksReplaced(node.region) + (is_new ? 1 : 0) < copies;
}

void FaultPlan::StepClock() {
  const Duration step = DrawLength(faults_.clock_steps.lasts);
  cluster_.at(DrawProcess()).StepWallClock(random_.OneIn(2) ? step : -step);
}

ProcessId FaultPlan::DrawProcess() {
  return random_.Pick(random_.OneIn(4) ? cluster_.gateways() : cluster_.nodes());
}

void FaultPlan::Pause() {
  const ProcessId process = DrawProcess();
  if (!cluster_.IsUp(process) || cluster_.at(process).paused()) return;
  cluster_.Pause(process);
  const std::uint64_t start = cluster_.at(process).starts();
  cluster_.queue().After(DrawLength(faults_.pauses.lasts), [this, process, start] {
    if (cluster_.at(process).starts() == start) cluster_.Resume(process);
  });
}

void FaultPlan::SlowDown() {
  const ProcessId process = DrawProcess();
  cluster_.at(process).SetTurnTime(DrawBetween(random_, milliseconds(1), faults_.turn_most));
  cluster_.queue().After(DrawLength(faults_.slowness.lasts),
                         [this, process] { cluster_.at(process).SetTurnTime({}); });
}

void FaultPlan::FillDisk() {
  SimProcess& node = cluster_.at(random_.Pick(cluster_.nodes()));
  node.SetRoom(random_.OneIn(3) ? DiskRoom::kLow : DiskRoom::kNone);
  cluster_.queue().After(DrawLength(faults_.full_disks.lasts),
                         [&node] { node.SetRoom(DiskRoom::kPlenty); });
}

void FaultPlan::Heal() {
  healed_ = true;
  cluster_.network().HealAll();
  cluster_.network().SetQuality(kPerfectNear, kPerfectFar);
  for (const auto* all : {&cluster_.nodes(), &cluster_.gateways()}) {
    for (const ProcessId process : *all) {
      cluster_.at(process).SetSyncTime(microseconds(200), milliseconds(2));
      cluster_.at(process).SetTurnTime({});
      cluster_.at(process).SetRoom(DiskRoom::kPlenty);
      cluster_.Resume(process);
      if (!cluster_.IsUp(process)) cluster_.Start(process);
    }
  }
}

}  // namespace meridian::sim
