#include "local/ring.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

class RingTest : public ::testing::Test {
 protected:
  // From three nodes to four.
  RingTest() : ring(SmallTopology(3), NodeOf(4)) {
    const View first = FirstView(SmallTopology(3), "");
    filling = *ViewForLayout(first, {1}, LayoutAfter(first, SmallTopology(4)));
  }

  std::size_t Count(bool (*holds)(const Ring&, PartitionKey)) const {
    std::size_t count = 0;
    for (const PartitionKey key : ring.Partitions()) count += holds(ring, key) ? 1U : 0U;
    return count;
  }
  static bool IsMine(const Ring& ring, PartitionKey key) { return ring.IsMine(key); }
  static bool IsWritten(const Ring& ring, PartitionKey key) { return ring.IsWritten(key, {4}); }
  static bool IsFilling(const Ring& ring, PartitionKey key) { return ring.IsFilling(key, {4}); }

  Ring ring;
  View filling;
};

TEST_F(RingTest, ANewcomerIsWrittenToBeforeItIsRead) {
  EXPECT_EQ(Count(IsWritten), 0U);
  ring.Adopt(filling);
  EXPECT_EQ(Count(IsMine), 0U);
  EXPECT_EQ(Count(IsWritten), 6U) << "of 8 partitions of 3 copies, a quarter";
  EXPECT_EQ(Count(IsFilling), 6U);
  ring.Adopt(NextStep(filling));
  EXPECT_EQ(Count(IsMine), 6U);
  EXPECT_EQ(Count(IsFilling), 0U);
  ring.Adopt(NextStep(NextStep(filling)));
  EXPECT_EQ(Count(IsMine), 6U);
}

TEST_F(RingTest, WritesGoToBothUntilItIsSettled) {
  const auto both = [](const Ring& at, PartitionKey key) {
    return at.AlsoWrittenTo(key) != nullptr;
  };
  EXPECT_EQ(Count(both), 0U);
  ring.Adopt(filling);
  EXPECT_EQ(Count(both), 6U);
  ring.Adopt(NextStep(filling));
  EXPECT_EQ(Count(both), 6U);
  ring.Adopt(NextStep(NextStep(filling)));
  EXPECT_EQ(Count(both), 0U);
}

TEST_F(RingTest, WhoHasNotBeenToldHoldsNothing) {
  Ring unknown = Ring::Unknown(SmallTopology(4), NodeOf(4));
  EXPECT_FALSE(unknown.IsKnown());
  EXPECT_TRUE(unknown.Partitions().empty());
  EXPECT_EQ(unknown.ListOf({{1}, {0}}), nullptr);
  unknown.Adopt(filling);
  EXPECT_TRUE(unknown.IsKnown());
}

TEST_F(RingTest, NodesOfBothTopologiesArePeers) {
  EXPECT_EQ(ring.Nodes().size(), 3U);
  EXPECT_FALSE(ring.HasSelf());
  ring.Adopt(filling);
  EXPECT_EQ(ring.Nodes().size(), 4U);
  EXPECT_TRUE(ring.HasSelf());
}

}  // namespace
}  // namespace meridian::local
