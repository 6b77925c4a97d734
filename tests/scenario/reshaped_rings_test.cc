// The same nodes, arranged anew: one is given another weight, one moves to another rack. What has
// to move moves while the ring serves, and copies stay in racks of their own.

#include <set>

#include "support/changing_ring.h"

namespace meridian::sim {
namespace {

using testing::ElementsAre;

constexpr int kKeysReshaped = 100;

class ReshapedRingsTest : public ChangingRing {
 protected:
  // Six nodes in three racks and 64 partitions, N = 3, one region.
  ReshapedRingsTest() : ChangingRing({6, 3, 1, 3, 6, 1}) {
    for (int i = 0; i < kKeysReshaped; ++i) PutSpread(i, "before");
  }

  static std::uint32_t NodeFor(int i) { return 1 + static_cast<std::uint32_t>(i) % 6; }
  void PutSpread(int i, const Bytes& value) { Put(NodeFor(i), i, value); }
  local::Topology Next() const {
    local::Topology next = s.topology();
    next.epoch = {2};
    return next;
  }
  // Writes half of the rows on the way.
  void RunWithWrites() {
    for (int i = 0; i < kKeysReshaped; i += 2) PutSpread(i, "during");
    ASSERT_EQ(RunUntilComplete(), "");
    for (int i = 0; i < kKeysReshaped; ++i) {
      EXPECT_THAT(s.Get(Scenario::Node(1, NodeFor(i)), Key(i)).values,
                  ElementsAre(i % 2 == 0 ? "during" : "before"));
    }
    EXPECT_EQ(s.RunUntilQuiet(), "");
    EXPECT_EQ(s.Violated(), "");
  }
  int PartitionsOf(std::uint32_t number) {
    const local::Ring& ring = s.cluster().ring({1});
    int held = 0;
    for (const local::PartitionKey key : ring.Partitions()) {
      held += ring.ListOf(key)->IsPrimary({number}) ? 1 : 0;
    }
    return held;
  }
};

TEST_F(ReshapedRingsTest, ANodeOfHalfTheWeightKeepsHalfOfWhatTheOtherOfItsRackHas) {
  const int before = PartitionsOf(2);
  local::Topology next = Next();
  next.regions.front().nodes.at(1).weight /= 2;
  Change(next);
  RunWithWrites();
  EXPECT_NEAR(PartitionsOf(5), 2 * PartitionsOf(2), 4);
  EXPECT_EQ(PartitionsOf(2) + PartitionsOf(5), 2 * before) << "a copy in each rack, as before";
}

TEST_F(ReshapedRingsTest, ANodeThatMovesToAnotherRackSharesNoPartitionWithItsNewNeighbours) {
  local::Topology next = Next();
  auto& nodes = next.regions.front().nodes;
  const std::string there = nodes.at(2).rack;
  ASSERT_NE(nodes.at(1).rack, there);
  nodes.at(1).rack = there;
  Change(next);
  RunWithWrites();
  const local::Ring& ring = s.cluster().ring({1});
  for (const local::PartitionKey key : ring.Partitions()) {
    std::set<std::string> racks;
    for (const NodeId node : ring.ListOf(key)->Primaries()) {
      racks.insert(nodes.at(node.value - 1).rack);
    }
    EXPECT_EQ(racks.size(), ring.ListOf(key)->primaries) << key.partition.value;
  }
}

}  // namespace
}  // namespace meridian::sim
