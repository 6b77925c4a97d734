#include "sim/fault_plan.h"

#include <algorithm>

namespace meridian::sim {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Duration Between(Random& random, Duration low, Duration high) {
  return Duration(static_cast<Duration::rep>(random.Between(
      static_cast<std::uint64_t>(low.count()), static_cast<std::uint64_t>(high.count()))));
}

LinkQuality DrawQuality(Random& random, Duration delay_min, Duration delay_max, double loss_max) {
  LinkQuality quality;
  quality.delay_min = delay_min;
  quality.delay_max = delay_max;
  if (random.OneIn(2)) quality.loss = loss_max * random.NextUnit();
  if (random.OneIn(2)) quality.repeat = 0.05 * random.NextUnit();
  if (random.OneIn(2)) quality.late = 0.04 * random.NextUnit();
  quality.late_max = Between(random, milliseconds(50), seconds(6));
  quality.in_order = random.OneIn(2);
  return quality;
}

Recurring DrawRecurring(Random& random, Duration every_min, Duration every_max, Duration lasts) {
  if (random.OneIn(2)) return {};
  return {Between(random, every_min, every_max), Between(random, lasts / 20, lasts)};
}

std::string Percent(double part) {
  return std::to_string(part * 100).substr(0, 4) + '%';
}
std::string Millis(Duration duration) {
  return std::to_string(Milliseconds(duration)) + "ms";
}

std::string Describe(const char* name, const LinkQuality& quality) {
  return std::string(name) + " to " + Millis(quality.delay_max) + ", loss " +
         Percent(quality.loss) + ", repeat " + Percent(quality.repeat) + ", late " +
         Percent(quality.late) + " by " + Millis(quality.late_max) +
         (quality.in_order ? ", in order" : ", any order") + "; ";
}

std::string Describe(const char* name, Recurring fault) {
  if (fault.every == Duration{}) return {};
  return std::string(name) + " every " + Millis(fault.every) + " for " + Millis(fault.lasts) + "; ";
}

constexpr LinkQuality kPerfectNear{microseconds(100), microseconds(400), 0, 0, 0, {}, true};
constexpr LinkQuality kPerfectFar{milliseconds(20), milliseconds(25), 0, 0, 0, {}, true};

}  // namespace

std::string Faults::ToString() const {
  return Describe("near links", in_region) + Describe("far links", between_regions) +
         Describe("node cuts", node_cuts) + Describe("region cuts", region_cuts) +
         Describe("node crashes", node_crashes) + (crash_again ? "crashes again; " : "") +
         (torn_tails ? "torn tails; " : "") + Describe("gateway crashes", gateway_crashes) +
         Describe("blackouts", blackouts) + Describe("clock steps", clock_steps) + "syncs to " +
         Millis(sync_most);
}

Faults DrawFaults(Random& random) {
  Faults faults;
  const Duration near_max = random.OneIn(4) ? milliseconds(30) : milliseconds(2);
  faults.in_region = DrawQuality(random, microseconds(100), near_max, 0.05);
  faults.between_regions = DrawQuality(random, milliseconds(20), milliseconds(80), 0.08);
  faults.node_cuts = DrawRecurring(random, seconds(2), seconds(8), seconds(6));
  faults.region_cuts = DrawRecurring(random, seconds(2), seconds(8), seconds(8));
  faults.node_crashes = DrawRecurring(random, milliseconds(400), seconds(5), seconds(5));
  faults.crash_again = random.OneIn(2);
  faults.torn_tails = random.OneIn(2);
  faults.whole_region = random.OneIn(2) ? 4 : 0;
  faults.gateway_crashes = DrawRecurring(random, seconds(1), seconds(8), seconds(4));
  faults.blackouts = DrawRecurring(random, seconds(2), seconds(7), seconds(3));
  const Duration step_most = random.OneIn(4) ? Duration(hours(5)) : Duration(minutes(5));
  faults.clock_steps = DrawRecurring(random, seconds(1), seconds(6), step_most);
  if (random.OneIn(2)) faults.sync_most = Between(random, milliseconds(5), milliseconds(400));
  return faults;
}

FaultPlan::FaultPlan(SimCluster& cluster, Faults faults, Random random)
    : cluster_(cluster), faults_(faults), random_(random) {}

void FaultPlan::Start() {
  cluster_.network().SetQuality(faults_.in_region, faults_.between_regions);
  for (const ProcessId node : cluster_.nodes()) {
    cluster_.at(node).SetSyncTime(microseconds(200),
                                  Between(random_, milliseconds(1), faults_.sync_most));
  }
  Repeat(faults_.node_cuts, [this] { CutNodes(); });
  Repeat(faults_.region_cuts, [this] { CutRegions(); });
  Repeat(faults_.node_crashes, [this] { CrashNodes(); });
  Repeat(faults_.gateway_crashes,
         [this] { Crash(random_.Pick(cluster_.gateways()), faults_.gateway_crashes.lasts); });
  Repeat(faults_.blackouts, [this] { BlackOut(); });
  Repeat(faults_.clock_steps, [this] { StepClock(); });
}

void FaultPlan::Repeat(Recurring fault, std::function<void()> strike) {
  if (fault.every == Duration{}) return;
  cluster_.queue().After(DrawLength(2 * fault.every), [this, fault, strike] {
    if (healed_) return;
    strike();
    Repeat(fault, strike);
  });
}

// Short ones too: much goes wrong only when things come back at once.
Duration FaultPlan::DrawLength(Duration most) {
  if (random_.OneIn(4)) most /= 50;
  return Between(random_, milliseconds(1), std::max<Duration>(most, milliseconds(2)));
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
  const std::size_t count = random_.Between(1, 2);
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

void FaultPlan::StepClock() {
  const std::vector<ProcessId>& some = random_.OneIn(4) ? cluster_.gateways() : cluster_.nodes();
  const Duration step = DrawLength(faults_.clock_steps.lasts);
  cluster_.at(random_.Pick(some)).StepWallClock(random_.OneIn(2) ? step : -step);
}

void FaultPlan::Heal() {
  healed_ = true;
  cluster_.network().HealAll();
  cluster_.network().SetQuality(kPerfectNear, kPerfectFar);
  for (const auto* all : {&cluster_.nodes(), &cluster_.gateways()}) {
    for (const ProcessId process : *all) {
      cluster_.at(process).SetSyncTime(microseconds(200), milliseconds(2));
      if (!cluster_.IsUp(process)) cluster_.Start(process);
    }
  }
}

}  // namespace meridian::sim
