#include "sim/simulation.h"

#include <algorithm>

#include "base/hash.h"
#include "sim/dot_checker.h"
#include "sim/fault_plan.h"
#include "sim/hint_checker.h"
#include "sim/history_checker.h"
#include "sim/hole_checker.h"
#include "sim/member_plan.h"
#include "sim/owner_checker.h"
#include "sim/rest_checker.h"
#include "sim/sim_topology.h"
#include "sim/watchers.h"
#include "sim/workload.h"

namespace meridian::sim {
namespace {

using std::chrono::seconds;

constexpr Duration kPoll = std::chrono::milliseconds(995);

ClusterOptions DrawOptions(Random& random, Plant plant) {
  ClusterOptions options;
  options.topology = MakeTopology(DrawShape(random));
  options.checkpoint_interval = seconds(random.Between(1, 10));
  options.beats_per_extent = random.Between(2, 6);
  options.siblings_max = random.OneIn(4) ? 8 : 100;
  options.plant = plant;
  // Often, so that it meets every fault; a small step, for a storm has few rows.
  options.audit.interval = seconds(random.Between(1, 6));
  options.audit.settle = std::chrono::milliseconds(300);
  options.audit.rebuild.rows_per_step = 20;
  return options;
}

// From the seed, beside what all else is drawn from.
MemberChanges DrawChangesOf(std::uint64_t seed) {
  Random random(HashOf("members", seed));
  return DrawMemberChanges(random);
}

// A topology file has at least so many partitions.
ClusterOptions WithRoomFor(const MemberChanges& changes, ClusterOptions options) {
  constexpr unsigned kBitsInAFile = 4;
  unsigned& bits = options.topology.partition_bits;
  if (changes.is_on()) bits = std::max(bits, kBitsInAFile);
  return options;
}

std::string Describe(const local::Topology& topology, const WorkloadOptions& workload) {
  const local::Region& region = topology.regions.front();
  const local::Placement& everywhere = topology.placements.front();
  const local::Placement& pair = topology.placements.back();
  return std::to_string(topology.regions.size()) + " regions, " +
         std::to_string(region.nodes.size()) + " nodes and " +
         std::to_string(region.gateways.size()) + " gateways each, N " +
         std::to_string(everywhere.replicas.begin()->second) + " and " +
         std::to_string(pair.replicas.begin()->second) + ", " +
         std::to_string(topology.partitions()) + " partitions, " +
         std::to_string(workload.clients) + " clients a region, " + std::to_string(workload.keys) +
         " keys a namespace; ";
}

// A run with its parts, in the order in which they draw from the seed.
class Run {
 public:
  Run(std::uint64_t seed, const RunOptions& options)
      : options_(options),
        random_(seed),
        trace_(options.show),
        member_changes_(DrawChangesOf(seed)),
        cluster_options_(WithRoomFor(member_changes_, DrawOptions(random_, options.plant))),
        workload_options_(DrawWorkload(random_)),
        fault_options_(DrawFaults(random_)),
        dots_(cluster_options_.topology.partition_bits, violations_),
        holes_(cluster_options_.topology),
        audits_(violations_),
        watchers_(dots_, holes_, audits_, violations_),
        cluster_(cluster_options_, random_.Fork(), trace_, watchers_),
        workload_(cluster_, workload_options_, random_.Fork()),
        faults_(cluster_, fault_options_, random_.Fork()),
        members_(cluster_, member_changes_, random_.Fork()) {
    if (member_changes_.is_on()) workload_.ExpectRepeats();
  }

  RunReport Go(std::uint64_t seed) {
    const Instant begin = cluster_.queue().now();
    faults_.Start();
    cluster_.StartAll();
    workload_.Start();
    members_.Start();
    cluster_.RunFor(options_.storm);
    workload_.Stop();
    members_.Stop();
    faults_.Heal();
    if (AwaitRest()) Judge();
    return Report(seed, cluster_.queue().now() - begin);
  }

 private:
  bool AwaitRest() {
    const Instant healed = cluster_.queue().now();
    std::string left;
    hints_.Look(cluster_, violations_);
    while (cluster_.queue().now() - healed < options_.quiet_within) {
      cluster_.RunFor(kPoll);
      hints_.Look(cluster_, violations_);
      quiet_after_ = cluster_.queue().now() - healed;
      const auto complaint = WhyNotAtRest();
      if (!complaint) return true;
      left = *complaint;
      if (!violations_.empty()) return false;
    }
    violations_.Add("restless: " + std::to_string(quiet_after_ / seconds(1)) +
                    " s after the healing, " + left);
    return false;
  }

  std::optional<std::string> WhyNotAtRest() {
    if (!workload_.idle()) return "clients still wait";
    if (auto complaint = ComplaintOfOwners(cluster_)) return complaint;
    if (auto difference = DifferenceOfReplicas(cluster_)) return difference;
    return ComplaintOfFigures(cluster_);
  }

  void Judge() {
    holes_.Check(cluster_, violations_);
    HistoryChecker history(cluster_options_.topology, workload_.history(), dots_, watchers_.lost());
    history.Check(cluster_, violations_);
    audits_.Check(cluster_);
  }

  RunReport Report(std::uint64_t seed, Duration virtual_time) const {
    RunReport report;
    report.seed = seed;
    report.drawn = Describe(cluster_options_.topology, workload_options_) +
                   fault_options_.ToString() + member_changes_.ToString();
    report.violations = violations_.list();
    report.trace_hash = trace_.hash();
    const History& history = workload_.history();
    report.figures.operations = history.size();
    const auto count = [&](Fate fate) {
      return static_cast<std::size_t>(std::ranges::count(history, fate, &Op::fate));
    };
    report.figures.acknowledged = count(Fate::kAcked);
    report.figures.maybe = count(Fate::kMaybe);
    report.figures.messages = cluster_.network_counters().sent;
    report.figures.crashes = faults_.crashes();
    report.figures.hints = hints_.seen();
    report.figures.quiet_after = quiet_after_;
    report.figures.virtual_time = virtual_time;
    return report;
  }

  const RunOptions& options_;
  Random random_;
  Trace trace_;
  Violations violations_;
  MemberChanges member_changes_;
  ClusterOptions cluster_options_;
  WorkloadOptions workload_options_;
  Faults fault_options_;
  DotChecker dots_;
  HoleChecker holes_;
  HintChecker hints_;
  AuditChecker audits_;
  Watchers watchers_;
  SimCluster cluster_;
  Workload workload_;
  FaultPlan faults_;
  MemberPlan members_;
  Duration quiet_after_{};
};

}  // namespace

RunReport RunSeed(std::uint64_t seed, const RunOptions& options) {
  return Run(seed, options).Go(seed);
}

}  // namespace meridian::sim
