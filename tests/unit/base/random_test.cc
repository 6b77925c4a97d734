#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

namespace meridian {
namespace {

// The published generator: seeds of simulated runs must mean the same on every machine, for ever.
TEST(RandomTest, ASeedGivesTheKnownSequence) {
  Random random(0);
  EXPECT_EQ(random.Next(), 0x99ec5f36cb75f2b4U);
  EXPECT_EQ(random.Next(), 0xbf6e1f784956452aU);
  EXPECT_EQ(random.Next(), 0x1a5f849d4933e6e0U);
}

TEST(RandomTest, DifferentSeedsGiveDifferentSequences) {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) firsts.insert(Random(seed).Next());
  EXPECT_EQ(firsts.size(), 1000U);
}

TEST(RandomTest, BelowIsEvenAndInBounds) {
  Random random(1);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts.at(random.Below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
}

TEST(RandomTest, BelowOneIsZero) {
  Random random(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.Below(1), 0U);
}

TEST(RandomTest, BetweenReachesBothEnds) {
  Random random(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.Between(5, 8));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{5, 6, 7, 8}));
  EXPECT_EQ(random.Between(9, 9), 9U);
  EXPECT_NE(random.Between(0, UINT64_MAX), random.Between(0, UINT64_MAX));
}

TEST(RandomTest, OneInNoneIsNever) {
  Random random(1);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(random.OneIn(0));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(random.OneIn(1));
}

TEST(RandomTest, ChanceHasItsProbability) {
  Random random(1);
  int hits = 0;
  for (int i = 0; i < 100000; ++i) hits += random.Chance(0.3) ? 1 : 0;
  EXPECT_NEAR(hits, 30000, 1000);
  EXPECT_FALSE(random.Chance(0.0));
  EXPECT_TRUE(random.Chance(1.0));
}

TEST(RandomTest, NextUnitStaysBelowOne) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double unit = random.NextUnit();
    ASSERT_GE(unit, 0.0);
    ASSERT_LT(unit, 1.0);
    sum += unit;
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.01);
}

TEST(RandomTest, ShuffleKeepsTheItemsAndMovesThem) {
  Random random(1);
  std::vector<int> items(50);
  std::iota(items.begin(), items.end(), 0);
  const std::vector<int> before = items;
  random.Shuffle(items);
  EXPECT_NE(items, before);
  std::sort(items.begin(), items.end());
  EXPECT_EQ(items, before);
}

TEST(RandomTest, ShuffleFavoursNoOrder) {
  Random random(1);
  std::vector<int> first_counts(3);
  for (int i = 0; i < 30000; ++i) {
    std::vector<std::size_t> items = {0, 1, 2};
    random.Shuffle(items);
    ++first_counts.at(items[0]);
  }
  for (const int count : first_counts) EXPECT_NEAR(count, 10000, 500);
}

TEST(RandomTest, AForkGoesItsOwnWay) {
  Random random(1);
  Random fork = random.Fork();
  Random again(1);
  Random fork_again = again.Fork();
  for (int i = 0; i < 10; ++i) again.Next();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(fork.Next(), fork_again.Next());
  EXPECT_NE(random.Next(), fork.Next());
}

TEST(RandomDeathTest, AnEmptyRangeIsABug) {
  Random random(1);
  EXPECT_DEATH(random.Below(0), "check failed");
  EXPECT_DEATH(random.Between(2, 1), "check failed");
}

}  // namespace
}  // namespace meridian
