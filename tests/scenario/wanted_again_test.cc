// A change takes partitions from nodes, and the next one gives them back while they are being
// erased there. What is half erased is no copy: it answers nothing, takes nothing in, and the
// second change waits until it is gone and has come anew.
//
// Without that: node 1 erases partition 7; epoch 3 gives it back; node 1 has nothing to fill, for
// it does not know of a partition that it does not hold, so reads move to it at once. A get at
// level one then finds nothing, and a put that node 1 coordinates ends the process.

#include "support/changing_ring.h"

namespace meridian::sim {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

constexpr int kKeysWanted = 1600;

class WantedAgainTest : public ChangingRing {
 protected:
  // Three nodes and 16 partitions, N = 3; what leaves is erased 4 rows a turn.
  WantedAgainTest() : ChangingRing({3, 1, 1, 2, 4}) {
    for (int i = 0; i < kKeysWanted; ++i) Put(1 + static_cast<std::uint32_t>(i) % 3, i, "v");
  }

  void ExpectAt(std::uint32_t node, const Bytes& value) {
    for (int i = 0; i < kKeysWanted; ++i) {
      EXPECT_THAT(s.Get(Scenario::Node(1, node), Key(i), {.level = node::Level::kOne}).values,
                  ElementsAre(value))
          << Key(i) << " at node " << node;
    }
  }
};

TEST_F(WantedAgainTest, WhatIsHalfErasedIsNoCopy) {
  const local::Topology four = With({1, 2, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), four);
  Change(four);
  ASSERT_TRUE(Settles(1, 2));
  while (RowsOn(1) == kKeysWanted) s.RunFor(milliseconds(20));  // until it begins to erase
  Change(With({1, 2, 3}, 3));
  s.RunFor(milliseconds(100));
  ASSERT_LT(RowsOn(1), static_cast<std::size_t>(kKeysWanted)) << "it has not begun anew";
  EXPECT_EQ(s.cluster().ring({1}).stage(), local::Stage::kFilling);
  for (int i = 0; i < kKeysWanted; i += 3) Put(1, i, "v");
  ASSERT_TRUE(Settles(1, 3));
  for (const std::uint32_t node : {1U, 2U, 3U}) ExpectAt(node, "v");
  ASSERT_EQ(RunUntilComplete(), "");
  for (const std::uint32_t node : {1U, 2U, 3U}) {
    EXPECT_EQ(RowsOn(node), static_cast<std::size_t>(kKeysWanted)) << node;
  }
}

}  // namespace
}  // namespace meridian::sim
