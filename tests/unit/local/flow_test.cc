#include "local/flow.h"

#include <gtest/gtest.h>

namespace meridian::local {
namespace {

TEST(FlowTest, FillsAsMuchAsTheNarrowestCutLetsThrough) {
  FlowNetwork network(4);
  network.AddArc(0, 2, 5, 0);
  network.AddArc(0, 3, 5, 0);
  network.AddArc(2, 1, 3, 0);
  network.AddArc(3, 1, 4, 0);
  EXPECT_EQ(network.Fill(0, 1), 7);
}

TEST(FlowTest, TakesTheCheapArcsFirst) {
  FlowNetwork network(4);
  network.AddArc(0, 2, 3, 0);
  const auto dear = network.AddArc(2, 3, 9, 5);
  const auto cheap = network.AddArc(2, 3, 2, 1);
  network.AddArc(3, 1, 9, 0);
  EXPECT_EQ(network.Fill(0, 1), 3);
  EXPECT_EQ(network.FlowOn(cheap), 2);
  EXPECT_EQ(network.FlowOn(dear), 1);
}

TEST(FlowTest, UndoesAnEarlyChoiceThatBlocksABetterWhole) {
  // Two guests, two chairs; both like chair 4 best, but guest 3 has no other.
  FlowNetwork network(6);
  network.AddArc(0, 2, 1, 0);
  network.AddArc(0, 3, 1, 0);
  const auto first_likes = network.AddArc(2, 4, 1, 0);
  const auto first_moves = network.AddArc(2, 5, 1, 7);
  const auto second = network.AddArc(3, 4, 1, 0);
  network.AddArc(4, 1, 1, 0);
  network.AddArc(5, 1, 1, 0);
  EXPECT_EQ(network.Fill(0, 1), 2);
  EXPECT_EQ(network.FlowOn(first_likes), 0);
  EXPECT_EQ(network.FlowOn(first_moves), 1);
  EXPECT_EQ(network.FlowOn(second), 1);
}

TEST(FlowTest, AnUnreachableSinkGetsNothing) {
  FlowNetwork network(3);
  network.AddArc(0, 2, 5, 0);
  EXPECT_EQ(network.Fill(0, 1), 0);
}

}  // namespace
}  // namespace meridian::local
