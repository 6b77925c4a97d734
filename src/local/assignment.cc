#include "local/assignment.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/check.h"
#include "local/flow.h"

namespace meridian::local {
namespace {

// What one unit of weight holds, counted in whole turns of the ring (all partitions once): a
// fraction. Bounds of the products: num < 2^10, den < 2^42 for 512 holders of 32-bit weight.
struct Level {
  std::uint64_t num = 0;
  std::uint64_t den = 1;

  bool Fills(std::uint64_t weight) const { return weight * num >= den; }
};

bool Below(const Level& a, const Level& b) {
  return a.num * b.den < b.num * a.den;
}

// The weights of one rack, heaviest first.
using Weights = std::vector<std::uint64_t>;

struct Filled {
  std::uint64_t full = 0;         // holders that have every partition
  std::uint64_t rest_weight = 0;  // weight of the others
};

Filled FilledAt(const Weights& weights, const Level& level) {
  Filled filling;
  for (const std::uint64_t weight : weights) {
    if (level.Fills(weight)) {
      ++filling.full;
    } else {
      filling.rest_weight += weight;
    }
  }
  return filling;
}

// The level at which a rack holds `copies` of every partition. Requires 1 <= copies <=
// weights.size().
Level LevelFor(const Weights& weights, std::uint64_t copies) {
  std::uint64_t rest = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  for (const std::uint64_t weight : weights) {
    if (weight * copies < rest) return {copies, rest};
    rest -= weight;
    --copies;
  }
  return {1, weights.back()};
}

// What a rack holds at a level, in `level.den`ths of the ring, cut to its bounds.
std::uint64_t HeldAt(const Weights& weights, const Bounds& bounds, const Level& level) {
  const Filled filling = FilledAt(weights, level);
  return std::clamp(filling.full * level.den + filling.rest_weight * level.num,
                    bounds.at_least * level.den, bounds.at_most * level.den);
}

std::size_t RackCount(const std::vector<Holder>& holders) {
  std::size_t racks = 0;
  for (const Holder& holder : holders) racks = std::max<std::size_t>(racks, holder.rack + 1);
  return racks;
}

std::vector<Weights> WeightsByRack(const std::vector<Holder>& holders) {
  std::vector<Weights> racks(RackCount(holders));
  for (const Holder& holder : holders) racks[holder.rack].push_back(holder.weight);
  for (Weights& weights : racks) std::ranges::sort(weights, std::greater<>());
  return racks;
}

// The levels at which the sum over the racks may change its slope, ascending.
std::vector<Level> Bends(const std::vector<Weights>& racks, const std::vector<Bounds>& bounds) {
  std::vector<Level> bends{Level{}};
  for (std::size_t rack = 0; rack < racks.size(); ++rack) {
    for (const std::uint64_t weight : racks[rack]) bends.push_back({1, weight});
    if (bounds[rack].at_least > 0) bends.push_back(LevelFor(racks[rack], bounds[rack].at_least));
    bends.push_back(LevelFor(racks[rack], bounds[rack].at_most));
  }
  std::ranges::sort(bends, Below);
  return bends;
}

// The level of each rack at which all of them together hold `copies`: one level for the racks that
// are free, a lower or higher one for those that their bounds hold back.
std::vector<Level> RackLevels(const std::vector<Weights>& racks, const std::vector<Bounds>& bounds,
                              std::uint32_t copies) {
  const std::vector<Level> bends = Bends(racks, bounds);
  const auto too_high = std::ranges::partition_point(bends, [&](const Level& level) {
    std::uint64_t held = 0;
    for (std::size_t i = 0; i < racks.size(); ++i) held += HeldAt(racks[i], bounds[i], level);
    return held <= copies * level.den;
  });
  // Between this bend and the next the answer lies, and there every sum is a straight line.
  const Level bend = *(too_high - 1);
  std::vector<Level> levels(racks.size());
  std::vector<std::size_t> free;
  std::uint64_t left = copies;
  std::uint64_t free_weight = 0;
  for (std::size_t i = 0; i < racks.size(); ++i) {
    const Filled filling = FilledAt(racks[i], bend);
    const std::uint64_t held = filling.full * bend.den + filling.rest_weight * bend.num;
    if (held >= bounds[i].at_most * bend.den) {
      levels[i] = LevelFor(racks[i], bounds[i].at_most);
      left -= bounds[i].at_most;
    } else if (held < bounds[i].at_least * bend.den) {
      levels[i] = LevelFor(racks[i], bounds[i].at_least);
      left -= bounds[i].at_least;
    } else {
      free.push_back(i);
      left -= filling.full;
      free_weight += filling.rest_weight;
    }
  }
  for (const std::size_t i : free) levels[i] = {left, free_weight};
  return levels;
}

std::vector<std::uint32_t> RackSizes(const std::vector<Holder>& holders) {
  std::vector<std::uint32_t> sizes(RackCount(holders));
  for (const Holder& holder : holders) ++sizes[holder.rack];
  return sizes;
}

// Vertices of the network of Assign: the two ends, then partitions, their racks, and holders.
struct NetworkLayout {
  std::uint32_t partitions;
  std::uint32_t racks;

  static constexpr FlowNetwork::Vertex kSource = 0;
  static constexpr FlowNetwork::Vertex kSink = 1;
  FlowNetwork::Vertex Partition(std::uint32_t p) const { return 2 + p; }
  FlowNetwork::Vertex Rack(std::uint32_t p, std::uint32_t rack) const {
    return 2 + partitions + p * racks + rack;
  }
  FlowNetwork::Vertex HolderAt(std::uint32_t i) const { return 2 + partitions * (1 + racks) + i; }
};

// An arc that takes `at_least` for nothing and the rest up to `at_most` at a price that no saving
// elsewhere outweighs: a cheapest flow meets `at_least` wherever any flow can.
void AddBoundedArc(FlowNetwork& network, FlowNetwork::Vertex from, FlowNetwork::Vertex to,
                   const Bounds& bounds, std::int64_t price) {
  if (bounds.at_least > 0) network.AddArc(from, to, bounds.at_least, 0);
  const std::uint32_t more = bounds.at_most - bounds.at_least;
  if (more > 0) network.AddArc(from, to, more, price);
}

}  // namespace

std::vector<Bounds> RackBounds(const std::vector<Holder>& holders, std::uint32_t copies) {
  MERIDIAN_CHECK(copies >= 1 && copies <= holders.size());
  const std::vector<std::uint32_t> sizes = RackSizes(holders);
  const auto room_at = [&sizes](std::uint32_t depth) {
    std::uint64_t room = 0;
    for (const std::uint32_t size : sizes) room += std::min(size, depth);
    return room;
  };
  std::uint32_t depth = 1;
  while (room_at(depth) < copies) ++depth;
  std::vector<Bounds> bounds;
  for (const std::uint32_t size : sizes) {
    bounds.push_back({std::min(size, depth - 1), std::min(size, depth)});
  }
  return bounds;
}

std::vector<Bounds> Shares(const std::vector<Holder>& holders, std::uint32_t partitions,
                           std::uint32_t copies) {
  const std::vector<Level> levels =
      RackLevels(WeightsByRack(holders), RackBounds(holders, copies), copies);
  std::vector<Bounds> shares;
  for (const Holder& holder : holders) {
    const Level& level = levels[holder.rack];
    if (level.Fills(holder.weight)) {
      shares.push_back({partitions, partitions});
      continue;
    }
    const std::uint64_t parts = std::uint64_t{partitions} * holder.weight * level.num;
    shares.push_back({static_cast<std::uint32_t>(parts / level.den),
                      static_cast<std::uint32_t>((parts + level.den - 1) / level.den)});
  }
  return shares;
}

std::vector<HolderList> Assign(const std::vector<Holder>& holders, std::uint32_t copies,
                               const std::vector<HolderList>& wish,
                               const std::vector<HolderList>& preference) {
  MERIDIAN_CHECK(wish.size() == preference.size());
  const std::vector<Bounds> racks = RackBounds(holders, copies);
  const auto partitions = static_cast<std::uint32_t>(wish.size());
  const std::vector<Bounds> shares = Shares(holders, partitions, copies);
  const NetworkLayout at{partitions, static_cast<std::uint32_t>(racks.size())};
  // In this order: the shares, then few moves, then few of them moves of a first.
  const std::int64_t move = std::int64_t{partitions} * copies + 1;
  const std::int64_t price = move * move;

  FlowNetwork network(at.HolderAt(static_cast<std::uint32_t>(holders.size())));
  std::vector<std::vector<FlowNetwork::Arc>> arcs(partitions);
  for (std::uint32_t p = 0; p < partitions; ++p) {
    network.AddArc(NetworkLayout::kSource, at.Partition(p), copies, 0);
    for (std::uint32_t rack = 0; rack < racks.size(); ++rack) {
      AddBoundedArc(network, at.Partition(p), at.Rack(p, rack), racks[rack], price);
    }
    for (const std::uint32_t i : preference[p]) {
      const auto place = std::ranges::find(wish[p], i);
      const std::int64_t cost = place == wish[p].end() ? move : place == wish[p].begin() ? 0 : 1;
      arcs[p].push_back(network.AddArc(at.Rack(p, holders[i].rack), at.HolderAt(i), 1, cost));
    }
  }
  for (std::uint32_t i = 0; i < holders.size(); ++i) {
    AddBoundedArc(network, at.HolderAt(i), NetworkLayout::kSink, shares[i], price);
  }
  // The exact shares, evenly over the partitions, are a flow in fractions; so one in whole numbers
  // exists (the bounds are whole), and nothing stays unassigned.
  MERIDIAN_CHECK(network.Fill(NetworkLayout::kSource, NetworkLayout::kSink) ==
                 std::int64_t{partitions} * copies);

  std::vector<HolderList> chosen(partitions);
  for (std::uint32_t p = 0; p < partitions; ++p) {
    for (std::size_t k = 0; k < arcs[p].size(); ++k) {
      if (network.FlowOn(arcs[p][k]) > 0) chosen[p].push_back(preference[p][k]);
    }
  }
  return chosen;
}

HolderList AssignFirsts(const std::vector<Holder>& holders, const std::vector<HolderList>& lists) {
  std::vector<Holder> apart = holders;  // racks do not matter here: each holder in its own
  for (std::uint32_t i = 0; i < apart.size(); ++i) apart[i].rack = i;
  const auto partitions = static_cast<std::uint32_t>(lists.size());
  const std::vector<Bounds> shares = Shares(apart, partitions, 1);
  const NetworkLayout at{partitions, 0};
  const std::int64_t price = std::int64_t{partitions} + 1;

  FlowNetwork network(at.HolderAt(static_cast<std::uint32_t>(holders.size())));
  std::vector<std::vector<FlowNetwork::Arc>> arcs(partitions);
  for (std::uint32_t p = 0; p < partitions; ++p) {
    network.AddArc(NetworkLayout::kSource, at.Partition(p), 1, 0);
    for (const std::uint32_t i : lists[p]) {
      arcs[p].push_back(
          network.AddArc(at.Partition(p), at.HolderAt(i), 1, i == lists[p][0] ? 0 : 1));
    }
  }
  for (std::uint32_t i = 0; i < holders.size(); ++i) {
    AddBoundedArc(network, at.HolderAt(i), NetworkLayout::kSink, shares[i], price);
    // Where the lists force a holder above its share, every doubling costs more: no one takes it
    // all.
    std::int64_t step = 1;
    for (std::int64_t excess = 2; step <= partitions; ++excess, step *= 2) {
      network.AddArc(at.HolderAt(i), NetworkLayout::kSink, step, excess * price);
    }
  }
  MERIDIAN_CHECK(network.Fill(NetworkLayout::kSource, NetworkLayout::kSink) ==
                 std::int64_t{partitions});

  HolderList firsts;
  for (std::uint32_t p = 0; p < partitions; ++p) {
    for (std::size_t k = 0; k < arcs[p].size(); ++k) {
      if (network.FlowOn(arcs[p][k]) > 0) firsts.push_back(lists[p][k]);
    }
  }
  return firsts;
}

}  // namespace meridian::local
