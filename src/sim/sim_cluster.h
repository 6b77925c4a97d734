// The whole system in one thread: every node and gateway of a topology over one queue of events.
//
//     SimCluster cluster(options, random, trace, observer);
//     cluster.StartAll();
//     cluster.Ask({{1}, Role::kNode, 2}, request, [](const ClientAnswer& answer) { ... });
//     cluster.RunFor(10s);

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "local/ring.h"
#include "node/client_api.h"
#include "node/gateway.h"
#include "node/ring_node.h"
#include "sim/sim_process.h"
#include "sim/sim_signer.h"

namespace meridian::sim {

// A bug to plant, for the test of the checkers.
enum class Plant {
  kNothing,
  kAckBeforeSync,     // machines are told that writes are durable before they are
  kReuseIncarnation,  // a node that lost its tail comes back under the incarnation it had
  kSeenFromContext,   // replicas mark as seen what a row's context covers
  kLoseRows,          // replicas acknowledge rows that they did not get
  kDropVersions,      // replicas mark writes as seen that they do not keep
  kHideRows,          // replicas that are asked for a row say that they have none
  kAlterViews,        // nodes of a region have two views of one number
  kKeepRows,          // rows of partitions that were handed on stay on the disk
  kKeepLogRows,       // the same of log rows
  kKeepTrees,         // of pieces of trees
  kKeepNotes,         // of what a disk notes of partitions: what it saw, what fills, what leaves
};

struct ClusterOptions {
  local::Topology topology;
  Duration checkpoint_interval = std::chrono::seconds(5);
  Duration catch_up_interval = std::chrono::seconds(1);
  std::size_t beats_per_extent = 3;
  local::AuditOptions audit;
  std::size_t siblings_max = 100;
  unsigned hedge_percent = 5;
  std::size_t erase_at_once = 4;  // so that what leaves is not gone in one turn
  Plant plant = Plant::kNothing;
};

class SimCluster {
 public:
  using Answered = std::function<void(const node::ClientAnswer&)>;

  // `trace` and `observer` outlive this.
  SimCluster(ClusterOptions options, Random random, Trace& trace, Observer& observer);

  // A node that the cluster was not made with: it starts with `file`, which is not applied yet.
  void Join(ProcessId process, const local::Topology& file);
  void StartAll();
  void Start(ProcessId process);
  void Crash(ProcessId process, bool torn);
  // Of a node that is down: an empty disk in its place; or what its last BackUp copied.
  void LoseDisk(ProcessId node);
  void RestoreDisk(ProcessId node);  // Requires HasBackup(node).
  void BackUp(ProcessId node);
  bool HasBackup(ProcessId node) const { return backups_.contains(node); }
  // Nodes of the region that were ever given another disk.
  std::size_t DisksReplaced(RegionId region) const;
  struct DiskLoss {
    ProcessId node;
    Instant at;
  };
  // Old copies count as well; a node may be there several times.
  const std::vector<DiskLoss>& disks_lost() const { return disks_lost_; }
  bool WasReplaced(ProcessId node) const { return replaced_.contains(node); }

  void Pause(ProcessId process);  // it stands still until it is resumed or crashes
  void Resume(ProcessId process);
  bool IsUp(ProcessId process) { return at(process).up(); }

  // No answer ever comes when the process is down or crashes.
  void Ask(ProcessId process, const node::ClientRequest& request, Answered answered);

  void RunFor(Duration duration) { queue_.RunUntil(queue_.now() + duration); }

  EventQueue& queue() { return queue_; }
  Trace& trace() { return trace_; }
  SimNetwork& network() { return network_; }
  const SimNetwork::Counters& network_counters() const { return network_.counters(); }
  SimProcess& at(ProcessId process) { return *processes_.at(process); }
  const SimProcess& at(ProcessId process) const { return *processes_.at(process); }
  // Requires that the node is up.
  const node::RingNode& ring_node(ProcessId process) const;

  const local::Topology& topology() const { return options_.topology; }
  // As the node of the region sees it that has the newest view; the first one when none is up.
  const local::Ring& ring(RegionId region) const;
  const std::vector<ProcessId>& nodes() const { return nodes_; }
  // Numbers are never used again.
  std::uint32_t NextNodeNumber(RegionId region) const;
  const std::vector<ProcessId>& gateways() const { return gateways_; }
  const Signer& signer() const { return signer_; }

 private:
  void Add(ProcessId process, const local::Topology& file);
  SimProcess::Factory FactoryOf(ProcessId process, const local::Topology& file);

  ClusterOptions options_;
  Random random_;
  SimSigner signer_;
  EventQueue queue_;
  Trace& trace_;
  Observer& observer_;
  SimNetwork network_;
  std::map<RegionId, local::Ring> rings_;
  std::vector<ProcessId> nodes_;
  std::vector<ProcessId> gateways_;
  std::map<ProcessId, std::unique_ptr<SimProcess>> processes_;
  std::map<ProcessId, SimStorage> backups_;
  std::set<ProcessId> replaced_;
  std::vector<DiskLoss> disks_lost_;
  std::uint64_t lives_ = 0;  // of processes
};

}  // namespace meridian::sim
