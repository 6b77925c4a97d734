#include "local/topology.h"

#include <gtest/gtest.h>

namespace meridian::local {
namespace {

Topology TwoRegions() {
  Topology topology;
  Node node;
  node.id = {1};
  node.name = "us-east-1";
  Gateway gateway;
  gateway.id = 1;
  gateway.name = "us-east-gw-1";
  topology.regions = {{{1}, "us-east", {node}, {gateway}}, {{2}, "eu-west", {}, {}}};
  topology.placements = {{{4}, "everywhere", {{RegionId{1}, 1}}}};
  topology.namespaces = {{{7}, "default", {4}}, {{9}, "packages", {4}, Policy::kLww}};
  return topology;
}

TEST(TopologyTest, FindsByIdAndByName) {
  const Topology topology = TwoRegions();
  EXPECT_EQ(topology.FindRegion(RegionId{2})->name, "eu-west");
  EXPECT_EQ(topology.FindRegion("us-east")->id, RegionId{1});
  EXPECT_EQ(topology.FindPlacement({4})->name, "everywhere");
  EXPECT_EQ(topology.FindNamespace(NamespaceId{9})->name, "packages");
  EXPECT_EQ(topology.FindNamespace("default")->id, NamespaceId{7});
}

TEST(TopologyTest, WritesAreSyncedUnlessTheNamespaceSaysOtherwise) {
  Topology topology;
  Namespace fast;
  fast.id = {2};
  fast.durability = Durability::kOs;
  Namespace safe;
  safe.id = {3};
  topology.namespaces = {fast, safe};
  EXPECT_FALSE(topology.Syncs({2}));
  EXPECT_TRUE(topology.Syncs({3}));
  EXPECT_TRUE(topology.Syncs({4})) << "nobody knows it";
}

TEST(TopologyTest, WhatIsNotThereIsNull) {
  const Topology topology = TwoRegions();
  EXPECT_EQ(topology.FindRegion(RegionId{3}), nullptr);
  EXPECT_EQ(topology.FindRegion("ap-south"), nullptr);
  EXPECT_EQ(topology.FindPlacement({1}), nullptr);
  EXPECT_EQ(topology.FindNamespace(NamespaceId{1}), nullptr);
  EXPECT_EQ(topology.FindNamespace("nothing"), nullptr);
}

TEST(TopologyTest, ProcessesAreCalledByTheirNamesElseByTheirNumbers) {
  const Topology topology = TwoRegions();
  EXPECT_EQ(topology.NameOf({{1}, Role::kNode, 1}), "us-east-1");
  EXPECT_EQ(topology.NameOf({{1}, Role::kGateway, 1}), "us-east-gw-1");
  EXPECT_EQ(topology.NameOf({{2}, Role::kNode, 7}), "2.7");
  EXPECT_EQ(topology.NameOf({{5}, Role::kGateway, 2}), "5.gw2");
}

}  // namespace
}  // namespace meridian::local
