#include "local/partition_table.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/big_endian.h"
#include "base/check.h"
#include "base/hash.h"
#include "local/assignment.h"

namespace meridian::local {
namespace {

// The nodes of a region that may hold something, and as what the arithmetic knows them.
struct Members {
  std::vector<NodeId> ids;
  std::vector<Holder> holders;  // parallel to `ids`

  std::uint32_t racks() const {
    std::uint32_t count = 0;
    for (const Holder& holder : holders) count = std::max(count, holder.rack + 1);
    return count;
  }
};

Members MembersOf(const Region& region) {
  std::map<std::string, std::uint32_t> rack_numbers;
  for (const Node& node : region.nodes) {
    if (node.weight > 0) rack_numbers.emplace(node.rack, 0);
  }
  std::uint32_t next = 0;
  for (auto& [name, number] : rack_numbers) number = next++;
  Members members;
  for (const Node& node : region.nodes) {
    if (node.weight == 0) continue;
    members.ids.push_back(node.id);
    members.holders.push_back({rack_numbers.at(node.rack), node.weight});
  }
  return members;
}

// The luck of a node with a partition: the same for as long as both exist, whoever else is there.
std::uint32_t Draw(PlacementId placement, std::uint32_t partition, NodeId node) {
  Bytes name;
  AppendBigEndian(name, placement.value);
  AppendBigEndian(name, partition);
  AppendBigEndian(name, node.value);
  return static_cast<std::uint32_t>(HashOf(name) >> 32) | 1;
}

// All members by weight / luck, highest first: rendezvous hashing in proportion to the weights.
// Source: Duffield, Lund, Thorup, "Priority sampling for estimation of arbitrary subset sums",
// 2007.
HolderList PreferenceOf(const Members& members, PlacementId placement, std::uint32_t partition) {
  std::vector<std::uint64_t> draws;
  HolderList order;
  for (const NodeId id : members.ids) {
    draws.push_back(Draw(placement, partition, id));
    order.push_back(static_cast<std::uint32_t>(order.size()));
  }
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const std::uint64_t left = members.holders[a].weight * draws[b];
    const std::uint64_t right = members.holders[b].weight * draws[a];
    return left != right ? left > right : a < b;
  });
  return order;
}

// The first `copies` of the preference that the racks have room for: the wish of a new system.
HolderList FirstChoice(const Members& members, const std::vector<Bounds>& racks,
                       const HolderList& preference, std::uint32_t copies) {
  HolderList chosen;
  std::vector<std::uint32_t> taken(racks.size());
  for (const std::uint32_t i : preference) {
    const std::uint32_t rack = members.holders[i].rack;
    if (chosen.size() == copies || taken[rack] == racks[rack].at_most) continue;
    ++taken[rack];
    chosen.push_back(i);
  }
  return chosen;
}

// The former primaries that are still members, each at its former place; others are gaps.
constexpr std::uint32_t kGap = UINT32_MAX;

HolderList FormerPrimaries(const Members& members, const PreferenceList& former) {
  HolderList list;
  for (std::uint32_t k = 0; k < former.primaries; ++k) {
    const auto found = std::ranges::lower_bound(members.ids, former.nodes[k]);
    const bool stays = found != members.ids.end() && *found == former.nodes[k];
    list.push_back(stays ? static_cast<std::uint32_t>(found - members.ids.begin()) : kGap);
  }
  return list;
}

// `chosen` with everyone who was there before at the same place, newcomers in the gaps by
// preference.
HolderList KeepPlaces(const HolderList& chosen, const HolderList& before) {
  HolderList list(chosen.size(), kGap);
  HolderList newcomers;
  for (const std::uint32_t i : chosen) {
    const auto place = static_cast<std::size_t>(std::ranges::find(before, i) - before.begin());
    if (place < before.size() && place < list.size()) {
      list[place] = i;
    } else {
      newcomers.push_back(i);
    }
  }
  auto next = newcomers.begin();
  for (std::uint32_t& place : list) {
    if (place == kGap) place = *next++;
  }
  return list;
}

// Stable: the best of every rack first, then the second of every rack, and so on.
void SpreadOverRacks(const Members& members, HolderList& list) {
  std::vector<std::uint32_t> met(members.racks());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> rounds;  // round, holder
  for (const std::uint32_t i : list) rounds.emplace_back(met[members.holders[i].rack]++, i);
  std::ranges::stable_sort(rounds, {}, &std::pair<std::uint32_t, std::uint32_t>::first);
  std::ranges::transform(rounds, list.begin(), &std::pair<std::uint32_t, std::uint32_t>::second);
}

// Everyone else by preference, those of racks without a primary first.
HolderList FallbacksOf(const Members& members, const HolderList& primaries,
                       const HolderList& preference) {
  std::vector<char> has_primary(members.racks(), 0);
  for (const std::uint32_t i : primaries) has_primary[members.holders[i].rack] = 1;
  HolderList fallbacks;
  std::ranges::copy_if(preference, std::back_inserter(fallbacks), [&](std::uint32_t i) {
    return std::ranges::find(primaries, i) == primaries.end();
  });
  std::ranges::stable_partition(
      fallbacks, [&](std::uint32_t i) { return has_primary[members.holders[i].rack] == 0; });
  return fallbacks;
}

// `former` is null when there is nothing to stay close to.
std::vector<PreferenceList> ListsOf(const Members& members, const Placement& placement,
                                    std::uint32_t copies, std::uint32_t partitions,
                                    const std::vector<PreferenceList>* former) {
  MERIDIAN_CHECK(copies >= 1 && copies <= members.ids.size());
  const std::vector<Bounds> racks = RackBounds(members.holders, copies);
  std::vector<HolderList> preference;
  std::vector<HolderList> wish;
  for (std::uint32_t p = 0; p < partitions; ++p) {
    preference.push_back(PreferenceOf(members, placement.id, p));
    wish.push_back(former != nullptr ? FormerPrimaries(members, (*former)[p])
                                     : FirstChoice(members, racks, preference[p], copies));
  }
  std::vector<HolderList> primaries = Assign(members.holders, copies, wish, preference);
  for (std::uint32_t p = 0; p < partitions; ++p) primaries[p] = KeepPlaces(primaries[p], wish[p]);
  const HolderList firsts = AssignFirsts(members.holders, primaries);

  std::vector<PreferenceList> lists(partitions);
  for (std::uint32_t p = 0; p < partitions; ++p) {
    std::iter_swap(primaries[p].begin(), std::ranges::find(primaries[p], firsts[p]));
    SpreadOverRacks(members, primaries[p]);
    lists[p].primaries = copies;
    for (const std::uint32_t i : primaries[p]) lists[p].nodes.push_back(members.ids[i]);
    for (const std::uint32_t i : FallbacksOf(members, primaries[p], preference[p])) {
      lists[p].nodes.push_back(members.ids[i]);
    }
  }
  return lists;
}

}  // namespace

bool PreferenceList::IsPrimary(NodeId node) const {
  const auto end = nodes.begin() + primaries;
  return std::find(nodes.begin(), end, node) != end;
}

bool operator==(const PreferenceList& a, const PreferenceList& b) {
  return a.primaries == b.primaries && a.nodes == b.nodes;
}

PartitionTable PartitionTable::Build(const Topology& topology, RegionId region,
                                     const PartitionTable* previous) {
  const Region* here = topology.FindRegion(region);
  MERIDIAN_CHECK(here != nullptr);
  const Members members = MembersOf(*here);
  PartitionTable table;
  for (const Placement& placement : topology.placements) {
    const auto copies = placement.replicas.find(region);
    if (copies == placement.replicas.end()) continue;
    const std::vector<PreferenceList>* former = nullptr;
    if (previous != nullptr) {
      const auto found = previous->lists_.find(placement.id);
      const bool fits =
          found != previous->lists_.end() && found->second.size() == topology.partitions();
      if (fits) former = &found->second;
    }
    table.lists_.emplace(
        placement.id, ListsOf(members, placement, copies->second, topology.partitions(), former));
  }
  return table;
}

const PreferenceList* PartitionTable::ListOf(PlacementId placement, PartitionId partition) const {
  const auto found = lists_.find(placement);
  if (found == lists_.end() || partition.value >= found->second.size()) return nullptr;
  return &found->second[partition.value];
}

bool PartitionTable::Fits(const Topology& topology, RegionId region) const {
  const Region* here = topology.FindRegion(region);
  if (here == nullptr) return false;
  std::size_t held = 0;
  for (const Placement& placement : topology.placements) {
    const auto copies = placement.replicas.find(region);
    if (copies == placement.replicas.end()) continue;
    const auto lists = lists_.find(placement.id);
    if (lists == lists_.end() || lists->second.size() != topology.partitions()) return false;
    ++held;
    for (const PreferenceList& list : lists->second) {
      if (list.primaries != copies->second || list.primaries > list.nodes.size()) return false;
    }
  }
  return held == lists_.size();
}

std::vector<PartitionId> PartitionTable::PartitionsOf(PlacementId placement, NodeId node) const {
  std::vector<PartitionId> held;
  const auto found = lists_.find(placement);
  if (found == lists_.end()) return held;
  for (std::size_t p = 0; p < found->second.size(); ++p) {
    if (found->second[p].IsPrimary(node)) held.push_back({static_cast<std::uint16_t>(p)});
  }
  return held;
}

}  // namespace meridian::local
