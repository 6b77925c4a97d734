#include "local/partition_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>

namespace meridian::local {
namespace {

constexpr RegionId kHere{1};
constexpr PlacementId kPlacement{1};

// Node i + 1 stands in racks[i].
Topology RegionOf(const std::string& racks, std::uint32_t copies, unsigned partition_bits = 8) {
  Region region;
  region.id = kHere;
  for (const char rack : racks) {
    Node node;
    node.id = {static_cast<std::uint32_t>(region.nodes.size()) + 1};
    node.rack = rack;
    region.nodes.push_back(node);
  }
  Topology topology;
  topology.partition_bits = partition_bits;
  topology.regions = {region};
  topology.placements = {{kPlacement, "here", {{kHere, copies}}}};
  return topology;
}

const PreferenceList& ListAt(const PartitionTable& table, std::uint32_t partition) {
  return *table.ListOf(kPlacement, {static_cast<std::uint16_t>(partition)});
}

std::set<std::uint32_t> PrimariesOf(const PreferenceList& list) {
  std::set<std::uint32_t> nodes;
  for (std::uint32_t k = 0; k < list.primaries; ++k) nodes.insert(list.nodes[k].value);
  return nodes;
}

// "placement.partition: 2 5 1 | 4 3", one line a list.
std::string TextOf(const PartitionTable& table, const Topology& topology) {
  std::ostringstream text;
  for (std::uint32_t p = 0; p < topology.partitions(); ++p) {
    const PreferenceList& list = ListAt(table, p);
    text << p << ':';
    for (std::size_t k = 0; k < list.nodes.size(); ++k) {
      text << (k == list.primaries ? " | " : " ") << list.nodes[k].value;
    }
    text << '\n';
  }
  return text.str();
}

TEST(PartitionTableTest, EveryListHasAllNodesOnce) {
  const Topology topology = RegionOf("aabbcc", 3);
  const PartitionTable table = PartitionTable::Build(topology, kHere);
  for (std::uint32_t p = 0; p < topology.partitions(); ++p) {
    const PreferenceList& list = ListAt(table, p);
    EXPECT_EQ(list.primaries, 3U);
    EXPECT_EQ(std::set<NodeId>(list.nodes.begin(), list.nodes.end()).size(), 6U);
    EXPECT_EQ(list.nodes.size(), 6U);
  }
}

TEST(PartitionTableTest, FallbacksOfRacksWithoutAPrimaryComeFirst) {
  const Topology topology = RegionOf("aabbccdd", 2);
  const PartitionTable table = PartitionTable::Build(topology, kHere);
  const auto rack_of = [](NodeId node) { return (node.value - 1) / 2; };
  for (std::uint32_t p = 0; p < topology.partitions(); ++p) {
    const PreferenceList& list = ListAt(table, p);
    const std::set<std::uint32_t> used = {rack_of(list.nodes[0]), rack_of(list.nodes[1])};
    for (std::size_t k = 2; k < 6; ++k) EXPECT_FALSE(used.contains(rack_of(list.nodes[k])));
    for (std::size_t k = 6; k < 8; ++k) EXPECT_TRUE(used.contains(rack_of(list.nodes[k])));
  }
}

TEST(PartitionTableTest, PrimariesOfDistinctRacksComeFirst) {
  const Topology topology = RegionOf("aaabbb", 4);
  const PartitionTable table = PartitionTable::Build(topology, kHere);
  for (std::uint32_t p = 0; p < topology.partitions(); ++p) {
    const PreferenceList& list = ListAt(table, p);
    EXPECT_NE(list.nodes[0].value <= 3, list.nodes[1].value <= 3) << p;
  }
}

TEST(PartitionTableTest, ANodeWithoutWeightIsLeftOut) {
  Topology topology = RegionOf("abcd", 3);
  topology.regions[0].nodes[1].weight = 0;
  const PartitionTable table = PartitionTable::Build(topology, kHere);
  for (std::uint32_t p = 0; p < topology.partitions(); ++p) {
    const PreferenceList& list = ListAt(table, p);
    EXPECT_EQ(std::set<NodeId>(list.nodes.begin(), list.nodes.end()),
              (std::set<NodeId>{{1}, {3}, {4}}));
  }
  EXPECT_TRUE(table.PartitionsOf(kPlacement, {2}).empty());
}

TEST(PartitionTableTest, ReplicaSetsVary) {
  const Topology topology = RegionOf("abcabcabc", 3);
  const PartitionTable table = PartitionTable::Build(topology, kHere);
  std::set<std::set<std::uint32_t>> sets;
  for (std::uint32_t p = 0; p < topology.partitions(); ++p)
    sets.insert(PrimariesOf(ListAt(table, p)));
  EXPECT_GE(sets.size(), 24U) << "of 27 that the racks allow";
}

TEST(PartitionTableTest, PlacementsAreSpreadApart) {
  Topology topology = RegionOf("abcabcabc", 3);
  topology.placements.push_back({{2}, "other", {{kHere, 3}}});
  const PartitionTable table = PartitionTable::Build(topology, kHere);
  EXPECT_FALSE(ListAt(table, 0) == *table.ListOf({2}, {0}) &&
               ListAt(table, 1) == *table.ListOf({2}, {1}) &&
               ListAt(table, 2) == *table.ListOf({2}, {2}));
}

TEST(PartitionTableTest, WhatTheRegionDoesNotHoldHasNoLists) {
  Topology topology = RegionOf("abc", 3);
  topology.placements.push_back({{2}, "elsewhere", {{RegionId{9}, 3}}});
  const PartitionTable table = PartitionTable::Build(topology, kHere);
  EXPECT_EQ(table.ListOf({2}, {0}), nullptr);
  EXPECT_EQ(table.ListOf({3}, {0}), nullptr);
  EXPECT_EQ(table.ListOf(kPlacement, {256}), nullptr);
  EXPECT_TRUE(table.PartitionsOf({2}, {1}).empty());
}

TEST(PartitionTableTest, PartitionsOfIsTheOtherViewOfTheLists) {
  const Topology topology = RegionOf("aabbc", 2);
  const PartitionTable table = PartitionTable::Build(topology, kHere);
  std::size_t total = 0;
  for (const Node& node : topology.regions[0].nodes) {
    const std::vector<PartitionId> held = table.PartitionsOf(kPlacement, node.id);
    EXPECT_TRUE(std::ranges::is_sorted(held));
    for (const PartitionId partition : held) {
      EXPECT_TRUE(table.ListOf(kPlacement, partition)->IsPrimary(node.id));
    }
    total += held.size();
  }
  EXPECT_EQ(total, 512U);
}

TEST(PartitionTableTest, AnUnchangedTopologyMovesNothingNotEvenTheOrder) {
  for (const std::string racks : {"abc", "aabbccd", "aaaabb"}) {
    const Topology topology = RegionOf(racks, 3);
    const PartitionTable table = PartitionTable::Build(topology, kHere);
    EXPECT_EQ(PartitionTable::Build(topology, kHere, &table), table) << racks;
  }
}

TEST(PartitionTableTest, MoreCopiesKeepTheOldOnes) {
  const PartitionTable two = PartitionTable::Build(RegionOf("abcabc", 2), kHere);
  const PartitionTable three = PartitionTable::Build(RegionOf("abcabc", 3), kHere, &two);
  for (std::uint32_t p = 0; p < 256; ++p) {
    for (const std::uint32_t node : PrimariesOf(ListAt(two, p))) {
      EXPECT_TRUE(ListAt(three, p).IsPrimary({node})) << p;
    }
  }
}

TEST(PartitionTableTest, FirstsAreBalancedAgainAfterANodeJoined) {
  const PartitionTable before = PartitionTable::Build(RegionOf("abc", 3), kHere);
  const PartitionTable after = PartitionTable::Build(RegionOf("abcd", 3), kHere, &before);
  std::map<std::uint32_t, int> firsts;
  for (std::uint32_t p = 0; p < 256; ++p) ++firsts[ListAt(after, p).nodes[0].value];
  EXPECT_EQ(firsts, (std::map<std::uint32_t, int>{{1, 64}, {2, 64}, {3, 64}, {4, 64}}));
}

// Tables are agreed on by computing them alike, so what a release computes must stay what it was.
TEST(PartitionTableTest, TheListsAreThoseOfTheGoldenFile) {
  const Topology topology = RegionOf("aabbc", 3, 4);
  const PartitionTable table = PartitionTable::Build(topology, kHere);
  const Topology grown = RegionOf("aabbcc", 3, 4);
  const std::string text = "five nodes in racks a a b b c, 16 partitions, N = 3\n" +
                           TextOf(table, topology) + "a sixth joined in rack c\n" +
                           TextOf(PartitionTable::Build(grown, kHere, &table), grown);
  std::ifstream file(std::string(MERIDIAN_SOURCE_DIR) + "/tests/golden/preference_lists.txt");
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, golden);
}

}  // namespace
}  // namespace meridian::local
