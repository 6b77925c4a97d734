// A simulated system whose first region's ring is changed: what tests of members begin with.
//
//     class MembersTest : public ChangingRing { MembersTest() : ChangingRing({3, 1, 1, 2, 4}) {} };
//     const local::Topology four = With({1, 2, 3, 4}, 2);
//     s.Join(Scenario::Node(1, 4), four);
//     Change(four);
//     EXPECT_EQ(RunUntilComplete(), "");

#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "sim/owner_checker.h"
#include "sim/scenario.h"

namespace meridian::sim {

class ChangingRing : public ::testing::Test {
 protected:
  explicit ChangingRing(const TopologyShape& shape) : s(shape) {
    s.RunFor(std::chrono::seconds(2));
  }

  static Bytes Key(int i) { return "key" + std::to_string(i); }
  // At a node of region 1, with the context of what it reads there.
  void Put(std::uint32_t at, int i, const Bytes& value) {
    const auto read = s.Get(Scenario::Node(1, at), Key(i));
    const auto put = s.Put(Scenario::Node(1, at), Key(i), value, {.context = read.context});
    ASSERT_EQ(put.status, node::Status::kOk) << put.message;
  }

  // The region has these nodes, whatever it had.
  local::Topology With(std::vector<std::uint32_t> numbers, std::uint64_t epoch,
                       std::uint16_t region = 1) const {
    local::Topology next = s.topology();
    next.epoch = {epoch};
    local::Region& changed = next.regions.at(region - 1U);
    changed.nodes.clear();
    for (const std::uint32_t number : numbers) {
      local::Node node;
      node.id = {number};
      node.name = changed.name + '-' + std::to_string(number);
      node.rack = "rack0";
      changed.nodes.push_back(node);
    }
    return next;
  }
  void Change(const local::Topology& next) {
    const auto answer = s.Apply(Scenario::Node(1, 1), next);
    ASSERT_EQ(answer.status, node::Status::kOk) << answer.message;
  }

  // Runs until the region is settled at the epoch, which is caught within 20 ms; false when it
  // never is.
  bool Settles(std::uint16_t region, std::uint64_t epoch) {
    for (int i = 0; i < 6000; ++i) {
      s.RunFor(std::chrono::milliseconds(20));
      const local::Ring& ring = s.cluster().ring({region});
      if (ring.topology().epoch.value == epoch && ring.stage() == local::Stage::kSettled)
        return true;
    }
    return false;
  }
  // Runs until the change is over everywhere; what is left, else.
  std::string RunUntilComplete() {
    std::optional<std::string> left;
    for (int i = 0; i < 120; ++i) {
      s.RunFor(std::chrono::seconds(1));
      left = ComplaintOfOwners(s.cluster());
      if (!left) return "";
    }
    return *left;
  }
  // Of region 1.
  std::size_t RowsOn(std::uint32_t number) {
    std::size_t rows = 0;
    const auto count = [&](const Entry&) { return ++rows != 0; };
    EXPECT_TRUE(
        s.cluster().at(Scenario::Node(1, number)).disk().Scan(Column::kData, {}, {}, count));
    return rows;
  }

  Scenario s;
};

}  // namespace meridian::sim
