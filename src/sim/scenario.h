// A small system whose faults are said, not drawn: for tests that read as prose.
//
//     Scenario s;
//     s.StopDisk(s.Node(1, 1));
//     EXPECT_EQ(s.Put(s.Node(1, 1), "milk", "2 litres").status, Status::kOk);
//     s.Crash(s.Node(1, 1));
//     s.Restart(s.Node(1, 1));
//     EXPECT_EQ(s.RunUntilQuiet(), "");
//
// Three regions on perfect links, one partition a placement, so that every key shares it. A request
// runs the clock until it is answered. The watchers of dots and holes look on.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sim/dot_checker.h"
#include "sim/hole_checker.h"
#include "sim/sim_cluster.h"
#include "sim/sim_topology.h"
#include "sim/violations.h"
#include "sim/watchers.h"

namespace meridian::sim {

struct Asking {
  std::string space = "default";
  Bytes context;  // of an earlier answer; empty: none
  node::Level level = node::Level::kLocalQuorum;
  std::uint32_t timeout_ms = 2000;
  bool sloppy = true;
};

class Scenario {
 public:
  static TopologyShape SmallShape() { return {3, 1, 1, 3, 0}; }
  explicit Scenario(const TopologyShape& shape = SmallShape(), unsigned hedge_percent = 5);

  // Node 2 of region 1; gateway 1 of region 3.
  static ProcessId Node(std::uint16_t region, std::uint32_t number) {
    return {{region}, Role::kNode, number};
  }
  static ProcessId Gateway(std::uint16_t region, std::uint32_t number = 1) {
    return {{region}, Role::kGateway, number};
  }
  // The nodes that are no primaries of the key, and those that are, in a region.
  std::vector<ProcessId> NonPrimariesOf(std::uint16_t region, const Bytes& key) const;
  std::vector<ProcessId> PrimariesOf(std::uint16_t region, const Bytes& key) const;

  // Runs until answered. kUnavailable, "no answer", when none ever comes.
  node::ClientAnswer Put(ProcessId at, const Bytes& key, const Bytes& value, Asking asking = {});
  node::ClientAnswer Get(ProcessId at, const Bytes& key, Asking asking = {});
  node::ClientAnswer Delete(ProcessId at, const Bytes& key, Asking asking = {});
  // Asks and does not wait. Later returns the answer, once there is one.
  using Later = std::shared_ptr<std::optional<node::ClientAnswer>>;
  Later BeginPut(ProcessId at, const Bytes& key, const Bytes& value, Asking asking = {});
  Later BeginGet(ProcessId at, const Bytes& key, Asking asking = {});

  // Nothing that `from` sends to `to` arrives any more.
  void Cut(ProcessId from, ProcessId to);
  // No gateway of either region hears the other's.
  void CutRegions(std::uint16_t one, std::uint16_t other);
  void Heal();  // all cuts
  // What `from` sends to `to` is under way until released.
  void Hold(ProcessId from, ProcessId to);
  void Release(ProcessId from, ProcessId to);
  // From now on every message arrives a second time, up to so much later.
  void RepeatEverything(Duration within);

  void Crash(ProcessId process);  // loses what was not synced
  void Restart(ProcessId process);
  void Pause(ProcessId process);  // it stands still; messages gather
  void Resume(ProcessId process);
  // Its turns come up to so much later than something arrived.
  void Slow(ProcessId process, Duration most);
  // Of a node that is down: an empty disk in its place; what its last BackUp copied.
  void LoseDisk(ProcessId node);
  void RestoreDisk(ProcessId node);
  void BackUp(ProcessId node);
  void StopDisk(ProcessId node);  // no sync ends any more
  void StartDisk(ProcessId node);
  void SetRoom(ProcessId node, DiskRoom room) { cluster_.at(node).SetRoom(room); }
  void StepClock(ProcessId process, Duration step);
  // Erases the row of a node that is down, and its log. That its dots were seen stays in the
  // checkpoint: what collecting a row will do.
  void CollectRow(ProcessId node, const Bytes& key, const std::string& space = "default");
  // Puts other bytes in place of a row's, or none, behind the node's back: what a rotten disk does.
  void AlterRow(ProcessId node, const Bytes& key, const std::function<Bytes(const Bytes&)>& alter);
  // Has every node of the region audit all it holds, with every row read from disk, and waits for
  // the end: what was found and what was mended since the nodes started, by cause.
  using Found = std::map<std::string, std::uint64_t>;
  Found Audit(std::uint16_t region);
  // The bytes of a row on a node's disk.
  std::optional<Bytes> Stored(ProcessId node, const Bytes& key) const;

  // Hints on all nodes that are up.
  std::uint64_t HintCount();
  // A node that starts with a file that is not applied yet.
  void Join(ProcessId process, const local::Topology& file);
  // An operator gives the ring its next topology, or takes the last one back.
  node::ClientAnswer Apply(ProcessId at, const local::Topology& next);
  Later BeginApply(ProcessId at, const local::Topology& next);
  node::ClientAnswer TakeBack(ProcessId at, std::uint64_t version);
  // The topology it began with.
  const local::Topology& topology() const { return options_.topology; }
  SimCluster& cluster() { return cluster_; }

  // A node's /status.
  std::string Status(ProcessId node);
  Instant now() { return cluster_.queue().now(); }

  void RunFor(Duration duration);
  // Until all replicas agree and no gateway reports a lag; empty, or what is left after two
  // minutes.
  std::string RunUntilQuiet();
  // What the watchers saw: dots named twice, holes where none may be. Empty: nothing.
  std::string Violated();

 private:
  node::ClientAnswer Ask(ProcessId at, node::ClientRequest request);
  Later Begin(ProcessId at, const node::ClientRequest& request);
  std::vector<ProcessId> NodesOf(std::uint16_t region, const Bytes& key, bool primaries) const;

  Trace trace_;
  Violations violations_;
  ClusterOptions options_;
  DotChecker dots_;
  HoleChecker holes_;
  AuditChecker audits_;
  Watchers watchers_;
  SimCluster cluster_;
};

}  // namespace meridian::sim
