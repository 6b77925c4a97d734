#include "node/region_view.h"

#include <algorithm>

namespace meridian::node {
namespace {

// A sum, so that partitions can be added in any order; the key keeps two of them from being
// swapped.
std::uint64_t DigestOf(local::PartitionKey key, const crdt::SeenVector& seen) {
  return seen.empty() ? 0 : HashOf(Encode(key), seen.Digest());
}

}  // namespace

RegionView::RegionView(const local::Ring& ring) : ring_(ring) {
  FindKeys();
}

void RegionView::FindKeys() {
  keys_.clear();
  for (const local::Placement& placement : ring_.topology().placements) {
    if (placement.replicas.size() < 2 || !placement.replicas.contains(ring_.self().region))
      continue;
    for (std::uint32_t p = 0; p < ring_.topology().partitions(); ++p) {
      keys_.push_back({placement.id, {static_cast<std::uint16_t>(p)}});
    }
  }
}

local::FeedOrder RegionView::OrderFor(NodeId node) const {
  const auto reports = reports_.find(node);
  if (reports == reports_.end()) return {};
  return {reports->second.life, reports->second.number};
}

void RegionView::OnReport(NodeId from, const local::SeenReport& report) {
  const auto known = reports_.find(from);
  const Reports before =
      known == reports_.end() ? Reports{} : Reports{known->second.life, known->second.number, {}};
  if (report.life == before.life && report.number < before.number) return;  // overtaken
  // A report that builds on one we do not have would leave holes.
  if (report.since != 0 && (report.life != before.life || report.since > before.number)) return;
  Reports& reports = reports_[from];
  if (report.since == 0) {
    // What is not in it any more was lost there, and that is a change, too.
    for (const auto& [key, seen] : reports.seen) changed_at_[key] = ++changes_;
    reports.seen.clear();
  }
  reports.life = report.life;
  reports.number = report.number;
  gateways_ = report.gateways;
  for (const local::PartitionSeen& partition : report.partitions) {
    reports.seen[partition.key] = partition.seen;
    changed_at_[partition.key] = ++changes_;
  }
  if (!ready_) CheckReady();
}

void RegionView::FollowRing() {
  FindKeys();  // a file may name others than the ring that it is not yet, or never will be
  const std::vector<NodeId> nodes = ring_.Nodes();
  std::erase_if(reports_, [&](const auto& reports) {
    return std::ranges::find(nodes, reports.first) == nodes.end();
  });
  for (const local::PartitionKey key : keys_) changed_at_[key] = ++changes_;
  if (!ready_) CheckReady();
}

void RegionView::CheckReady() {
  ready_ = std::ranges::all_of(keys_, [&](local::PartitionKey key) {
    const local::PreferenceList* list = ring_.ListOf(key);
    if (list == nullptr) return false;
    std::size_t reported = 0;
    for (std::uint32_t i = 0; i < list->primaries; ++i) {
      reported += reports_.contains(list->nodes[i]) ? 1U : 0U;
    }
    return reported >= list->primaries / 2 + 1;
  });
  if (!ready_) return;
  for (const local::PartitionKey key : keys_) settled_[key].Reset(Union(key), changed_at_[key]);
}

void RegionView::Advance() {
  // An idle region costs nothing: two beats without news leave every snapshot as it is.
  if (advanced_before_ == changes_) return;
  advanced_before_ = std::exchange(advanced_at_, changes_);
  settled_digests_.clear();
  for (const local::PartitionKey key : keys_) {
    crdt::Settled& settled = settled_[key];
    settled.Advance(Union(key), changed_at_[key]);
    AddDigest(settled_digests_, key, settled.vector());
  }
}

std::vector<const crdt::SeenVector*> RegionView::VectorsOf(local::PartitionKey key) const {
  std::vector<const crdt::SeenVector*> vectors;
  const local::PreferenceList* list = ring_.ListOf(key);
  if (list == nullptr) return vectors;  // this process has not been told the ring yet
  for (std::uint32_t i = 0; i < list->primaries; ++i) {
    const auto reports = reports_.find(list->nodes[i]);
    if (reports == reports_.end()) continue;
    const auto seen = reports->second.seen.find(key);
    if (seen != reports->second.seen.end()) vectors.push_back(&seen->second);
  }
  return vectors;
}

crdt::SeenVector RegionView::Union(local::PartitionKey key) const {
  return crdt::HeldBy(VectorsOf(key), 1);
}

crdt::SeenVector RegionView::Held(local::PartitionKey key) const {
  const local::PreferenceList* list = ring_.ListOf(key);
  return crdt::HeldBy(VectorsOf(key), list == nullptr ? 1 : list->primaries / 2 + 1);
}

const crdt::SeenVector& RegionView::Settled(local::PartitionKey key) const {
  static const crdt::SeenVector kNothing;
  const auto at = settled_.find(key);
  return at == settled_.end() ? kNothing : at->second.vector();
}

void RegionView::AddDigest(Digests& digests, local::PartitionKey key,
                           const crdt::SeenVector& seen) const {
  const std::uint64_t digest = DigestOf(key, seen);
  for (const auto& [region, n] : ring_.topology().FindPlacement(key.placement)->replicas) {
    digests[region] += digest;
  }
}

std::uint64_t RegionView::SettledDigest(RegionId other) const {
  const auto at = settled_digests_.find(other);
  return at == settled_digests_.end() ? 0 : at->second;
}

std::uint64_t RegionView::HeldDigest(RegionId other) const {
  if (held_digests_at_ != changes_) {
    held_digests_at_ = changes_;
    held_digests_.clear();
    for (const local::PartitionKey key : keys_) AddDigest(held_digests_, key, Held(key));
  }
  return held_digests_[other];
}

std::vector<NodeId> RegionView::HoldersOf(local::PartitionKey key,
                                          const crdt::SeenVector& wanted) const {
  std::vector<NodeId> holders;
  const local::PreferenceList* list = ring_.ListOf(key);
  if (list == nullptr) return holders;
  for (std::uint32_t i = 0; i < list->primaries; ++i) {
    const auto reports = reports_.find(list->nodes[i]);
    if (reports == reports_.end()) continue;
    const auto seen = reports->second.seen.find(key);
    if (seen == reports->second.seen.end() || seen->second.Common(wanted).empty()) continue;
    holders.push_back(list->nodes[i]);
  }
  return holders;
}

}  // namespace meridian::node
