// A change takes partitions from nodes, and the next one gives them back while they are being
// erased there. What is half erased is no copy: it answers nothing, takes nothing in, and the
// second change waits until it is gone and has come anew.
//
// Without that: node 1 erases partition 7; epoch 3 gives it back; node 1 has nothing to fill, for
// it does not know of a partition that it does not hold, so reads move to it at once. A get at
// level one then finds nothing, and a put that node 1 coordinates ends the process.

#include <gmock/gmock.h>

#include "sim/rest_checker.h"
#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Status;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr int kKeys = 1600;

class WantedAgainTest : public ::testing::Test {
 protected:
  // Three nodes and 16 partitions, N = 3; what leaves is erased 4 rows a turn.
  WantedAgainTest() : s(TopologyShape{3, 1, 1, 2, 4}) {
    s.RunFor(seconds(2));
    for (int i = 0; i < kKeys; ++i) Put(1 + static_cast<std::uint32_t>(i) % 3, i, "v");
  }

  static Bytes Key(int i) { return "key" + std::to_string(i); }
  void Put(std::uint32_t at, int i, const Bytes& value) {
    const auto read = s.Get(Scenario::Node(1, at), Key(i));
    const auto put = s.Put(Scenario::Node(1, at), Key(i), value, {.context = read.context});
    ASSERT_EQ(put.status, Status::kOk) << put.message;
  }
  void ExpectAt(std::uint32_t node, const Bytes& value) {
    for (int i = 0; i < kKeys; ++i) {
      EXPECT_THAT(s.Get(Scenario::Node(1, node), Key(i), {.level = node::Level::kOne}).values,
                  ElementsAre(value))
          << Key(i) << " at node " << node;
    }
  }
  local::Topology With(std::uint32_t nodes, std::uint64_t epoch) const {
    local::Topology next = s.topology();
    next.epoch = {epoch};
    local::Region& region = next.regions.front();
    for (std::uint32_t number = 4; number <= nodes; ++number) {
      local::Node node;
      node.id = {number};
      node.name = region.name + '-' + std::to_string(number);
      node.rack = "rack0";
      region.nodes.push_back(node);
    }
    return next;
  }
  void Change(const local::Topology& next) {
    const auto answer = s.Apply(Scenario::Node(1, 1), next);
    ASSERT_EQ(answer.status, Status::kOk) << answer.message;
  }
  // Until the ring is settled at the epoch; the moment is caught within 20 ms.
  bool Settles(std::uint64_t epoch) {
    for (int i = 0; i < 6000; ++i) {
      s.RunFor(milliseconds(20));
      const local::Ring& ring = s.cluster().ring({1});
      if (ring.topology().epoch.value == epoch && ring.stage() == local::Stage::kSettled)
        return true;
    }
    return false;
  }
  std::size_t RowsOf(std::uint32_t number) {
    std::size_t rows = 0;
    static_cast<void>(s.cluster()
                          .at(Scenario::Node(1, number))
                          .disk()
                          .Scan(Column::kData, {}, {}, [&](const Entry&) { return ++rows != 0; }));
    return rows;
  }
  void RunUntilComplete() {
    std::optional<std::string> left = "not looked yet";
    for (int i = 0; left && i < 120; ++i) {
      s.RunFor(seconds(1));
      left = ComplaintOfOwners(s.cluster());
    }
    ASSERT_EQ(left, std::nullopt);
  }

  Scenario s;
};

TEST_F(WantedAgainTest, WhatIsHalfErasedIsNoCopy) {
  s.Join(Scenario::Node(1, 4), With(4, 2));
  Change(With(4, 2));
  ASSERT_TRUE(Settles(2));
  while (RowsOf(1) == kKeys) s.RunFor(milliseconds(20));  // until it begins to erase
  Change(With(3, 3));
  s.RunFor(milliseconds(100));
  ASSERT_LT(RowsOf(1), static_cast<std::size_t>(kKeys)) << "it has not begun anew";
  EXPECT_EQ(s.cluster().ring({1}).stage(), local::Stage::kFilling);
  for (int i = 0; i < kKeys; i += 3) Put(1, i, "v");
  ASSERT_TRUE(Settles(3));
  for (const std::uint32_t node : {1U, 2U, 3U}) ExpectAt(node, "v");
  RunUntilComplete();
  for (const std::uint32_t node : {1U, 2U, 3U}) {
    EXPECT_EQ(RowsOf(node), static_cast<std::size_t>(kKeys)) << node;
  }
}

}  // namespace
}  // namespace meridian::sim
