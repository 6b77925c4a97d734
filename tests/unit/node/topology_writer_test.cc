#include "node/topology_writer.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "node/topology_text.h"
#include "support/local_node.h"

namespace meridian::node {
namespace {

TEST(TopologyWriterTest, WhatItWritesIsReadBackAsItWas) {
  local::Topology small = local::SmallTopology(3);
  small.partition_bits = 4;
  small.namespaces.front().name = "default";
  for (local::Region& region : small.regions)
    region.gateways = {{1, region.name + "-gw", {}, {}, {}}};
  const std::string text = WriteTopology(small);
  const auto once = ParseTopology(text);
  const auto* mistakes = std::get_if<std::vector<TopologyMistake>>(&once);
  ASSERT_EQ(mistakes, nullptr) << FormatMistakes("f", *mistakes);
  const auto& topology = std::get<local::Topology>(once);
  EXPECT_EQ(topology.regions.size(), 2U);
  const auto twice = ParseTopology(WriteTopology(topology));
  EXPECT_EQ(Encode(std::get<local::Topology>(twice)), Encode(topology)) << "addresses, too";
}

}  // namespace
}  // namespace meridian::node
