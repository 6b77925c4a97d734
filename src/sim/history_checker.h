// Judges what is left at rest by what clients did, read and presented; knows no dots and no clocks.
//
//     lost      an acknowledged put is not visible, and nothing that a client did explains it
//     undead    a value is visible that an acknowledged write covered by its token
//     surfaced  a value was stored that its client was told had certainly failed
//     invented  a get showed what nobody wrote to that key
//     stale     a get of R primaries did not show what W had acknowledged before, R + W > N, and
//               nothing that a client did until then explains it
//     refused   a request was called wrong; clients here make none that is
//
// A put of W copies is judged by the first while fewer than W nodes of its region that held it have
// lost their disks, one at each_quorum while that is so in some region; any write by the second
// while fewer than W nodes of its region have since (a delete has no value to tell its copies by).
// An old copy counts as a loss.
//
// What a token may cover (enough to explain a missing value): the values of the get it came from,
// or the value of the put. What it surely covers (must not be visible): the values of the get; of a
// put's token, what that put surely covered, since the token of a put that left siblings speaks for
// its own version only where that version is held. Under `lww` another write explains a missing one
// unless the missing one had seen it.

#pragma once

#include <map>
#include <set>
#include <vector>

#include "sim/dot_checker.h"
#include "sim/history.h"
#include "sim/lost_copies.h"
#include "sim/sim_cluster.h"
#include "sim/violations.h"

namespace meridian::sim {

class HistoryChecker {
 public:
  // All outlive this.
  HistoryChecker(const local::Topology& topology, const History& history, const DotChecker& dots,
                 const LostCopies& lost);

  // At rest, replicas being equal.
  void Check(const SimCluster& cluster, Violations& violations);

 private:
  using Values = std::set<Bytes>;

  Values Shown(std::size_t token) const;           // may be covered by that op's token
  const Values& SurelyCovered(std::size_t token);  // must be
  bool HasSeen(const Op& op, const Op& other);     // by tokens, also by way of others
  bool IsLww(const Op& op) const;
  const local::Placement& PlacementOf(const Op& op) const;
  bool MayBeLost(const Op& put) const;  // with the disks of those that held it
  bool MayBeForgotten(const Op& write) const;
  std::size_t DisksLost(RegionId region, Instant from, Instant to) const;
  bool IsVisible(const Op& put) const;

  bool Explains(const Op& write, const Op& missing);
  void CheckPut(const Op& put, Violations& violations);
  void CheckCovered(const Op& write, Violations& violations);
  void CheckShown(const Op& get, Violations& violations) const;
  bool MustShow(const Op& get, const Op& put);
  void CheckFresh(const Op& get, Violations& violations);

  const local::Topology& topology_;
  const History& history_;
  const DotChecker& dots_;
  const LostCopies& lost_;
  std::map<KeyName, std::vector<const Op*>> writes_;
  std::map<Bytes, const Op*> writer_of_;
  std::vector<SimCluster::DiskLoss> disks_lost_;
  std::map<KeyName, Values> visible_;
  std::map<std::size_t, Values> surely_;
  std::map<std::size_t, std::set<std::size_t>> seen_;
};

}  // namespace meridian::sim
