// Changes of the topology while a run goes on: nodes come, go and change their weight.
//
//     5 s    region 2: node 4 joins       applied at some node of region 1, as epoch 2
//     9 s    taken back, or given up for another, or the next one  ...
//
// The operator asks one node and, told nothing, the next. What it is told is not judged: the
// checkers look at what the nodes did.

#pragma once

#include "base/random.h"
#include "sim/sim_cluster.h"

namespace meridian::sim {

struct MemberChanges {
  Duration every{};  // zero: none
  bool may_take_back = false;

  bool is_on() const { return every != Duration{}; }
  std::string ToString() const;
};

MemberChanges DrawMemberChanges(Random& random);

class MemberPlan {
 public:
  // `cluster` outlives this.
  MemberPlan(SimCluster& cluster, MemberChanges changes, Random random);

  void Start();
  // No change begins any more; one that was decided goes on.
  void Stop() { stopped_ = true; }

  std::size_t ordered() const { return ordered_; }

 private:
  void Next();
  void Order();
  bool Change(local::Topology& topology);
  void Ask(const node::ClientRequest& request, int tries);
  std::vector<NodeId> RemovedFrom(const local::Region& region) const;
  ProcessId SomeNodeOfFirstRegion();

  SimCluster& cluster_;
  MemberChanges changes_;
  Random random_;
  bool stopped_ = false;
  std::size_t ordered_ = 0;
};

}  // namespace meridian::sim
