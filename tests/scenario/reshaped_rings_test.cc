// The same nodes, arranged anew: one is given another weight, one moves to another rack. What has
// to move moves while the ring serves, and copies stay in racks of their own.

#include <gmock/gmock.h>

#include <set>

#include "sim/rest_checker.h"
#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Status;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr int kKeys = 100;

class ReshapedRingsTest : public ::testing::Test {
 protected:
  // Six nodes in three racks and 64 partitions, N = 3, one region.
  ReshapedRingsTest() : s(TopologyShape{6, 3, 1, 3, 6, 1}) {
    s.RunFor(seconds(2));
    for (int i = 0; i < kKeys; ++i) Put(i, "before");
  }

  static Bytes Key(int i) { return "key" + std::to_string(i); }
  void Put(int i, const Bytes& value) {
    const ProcessId at = Scenario::Node(1, 1 + static_cast<std::uint32_t>(i) % 6);
    const auto read = s.Get(at, Key(i));
    const auto put = s.Put(at, Key(i), value, {.context = read.context});
    ASSERT_EQ(put.status, Status::kOk) << put.message;
  }
  void Change(const local::Topology& next) {
    const auto answer = s.Apply(Scenario::Node(1, 1), next);
    ASSERT_EQ(answer.status, Status::kOk) << answer.message;
  }
  local::Topology Next() const {
    local::Topology next = s.topology();
    next.epoch = {2};
    return next;
  }
  // Writes half of the rows on the way.
  void RunUntilComplete() {
    for (int i = 0; i < kKeys; i += 2) Put(i, "during");
    std::optional<std::string> left = "not looked yet";
    for (int i = 0; left && i < 120; ++i) {
      s.RunFor(seconds(1));
      left = ComplaintOfOwners(s.cluster());
    }
    ASSERT_EQ(left, std::nullopt);
    for (int i = 0; i < kKeys; ++i) {
      EXPECT_THAT(s.Get(Scenario::Node(1, 1 + static_cast<std::uint32_t>(i) % 6), Key(i)).values,
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

  Scenario s;
};

TEST_F(ReshapedRingsTest, ANodeOfHalfTheWeightKeepsHalfOfWhatTheOtherOfItsRackHas) {
  const int before = PartitionsOf(2);
  local::Topology next = Next();
  next.regions.front().nodes.at(1).weight /= 2;
  Change(next);
  RunUntilComplete();
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
  RunUntilComplete();
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
