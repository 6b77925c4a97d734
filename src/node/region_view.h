// What the nodes of this region have seen, as a gateway knows it from their reports.
//
//     union     dots that some replica holds durably: what can be shipped
//     held      dots that a quorum of the partition's primaries holds: what may be called held
//     settled   the union two advances ago: what is not merely in flight
//
// Rebuilt from nothing in a second after a start. Until enough nodes have reported it says it is
// not ready: an answer from half the region would make others send everything again.

#pragma once

#include <map>
#include <vector>

#include "crdt/settled.h"
#include "local/messages.h"
#include "local/ring.h"

namespace meridian::node {

class RegionView {
 public:
  explicit RegionView(const local::Ring& ring);

  // The order to renew with this node now.
  local::FeedOrder OrderFor(NodeId node) const;
  void OnReport(NodeId from, const local::SeenReport& report);
  // Every now and then: what was new two advances ago is settled.
  void Advance();
  // The ring is another one: other nodes' reports say what is held.
  void FollowRing();
  // Counts every change of anything here; equal counts mean that nothing new was reported.
  std::uint64_t changes() const { return changes_; }
  // The gateways of this region that share its partitions, ascending; from the latest report.
  const std::vector<std::uint32_t>& gateways() const { return gateways_; }

  // A quorum of every partition's primaries has reported since this process started.
  bool ready() const { return ready_; }

  // Partitions of placements that other regions hold too, ascending.
  const std::vector<local::PartitionKey>& partitions() const { return keys_; }
  crdt::SeenVector Union(local::PartitionKey key) const;
  crdt::SeenVector Held(local::PartitionKey key) const;
  const crdt::SeenVector& Settled(local::PartitionKey key) const;
  // Of the partitions that both this region and `other` hold: what is settled here, what is held
  // here. Equal to the other's when the two have seen the same.
  std::uint64_t SettledDigest(RegionId other) const;
  std::uint64_t HeldDigest(RegionId other) const;

  // The nodes that have reported any of `wanted`, in the order of the preference list.
  std::vector<NodeId> HoldersOf(local::PartitionKey key, const crdt::SeenVector& wanted) const;

 private:
  struct Reports {
    std::uint64_t life = 0;
    std::uint64_t number = 0;
    std::map<local::PartitionKey, crdt::SeenVector> seen;
  };
  using Digests = std::map<RegionId, std::uint64_t>;  // of what is shared with each region
  std::vector<const crdt::SeenVector*> VectorsOf(local::PartitionKey key) const;
  void CheckReady();
  void FindKeys();
  void AddDigest(Digests& digests, local::PartitionKey key, const crdt::SeenVector& seen) const;

  const local::Ring& ring_;
  std::vector<local::PartitionKey> keys_;
  std::map<NodeId, Reports> reports_;
  std::map<local::PartitionKey, crdt::Settled> settled_;
  std::map<local::PartitionKey, std::uint64_t> changed_at_;
  std::uint64_t changes_ = 0;
  mutable Digests held_digests_;
  mutable std::uint64_t held_digests_at_ = UINT64_MAX;  // `changes_` when they were computed
  Digests settled_digests_;
  std::uint64_t advanced_at_ = UINT64_MAX;  // `changes_` at the last beat and the one before
  std::uint64_t advanced_before_ = UINT64_MAX;
  std::vector<std::uint32_t> gateways_;
  bool ready_ = false;
};

}  // namespace meridian::node
