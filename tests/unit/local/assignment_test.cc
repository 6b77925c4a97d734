#include "local/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace meridian::local {
namespace {

std::vector<std::uint32_t> LoadOf(const std::vector<HolderList>& lists, std::size_t holders) {
  std::vector<std::uint32_t> load(holders);
  for (const HolderList& list : lists) {
    for (const std::uint32_t i : list) ++load[i];
  }
  return load;
}

TEST(AssignmentTest, OneCopyARackWhenThereAreRacksEnough) {
  EXPECT_EQ(RackBounds({{0, 1}, {1, 1}, {2, 1}, {3, 1}}, 3),
            (std::vector<Bounds>{{0, 1}, {0, 1}, {0, 1}, {0, 1}}));
}

TEST(AssignmentTest, EveryRackIsUsedBeforeOneIsUsedTwice) {
  EXPECT_EQ(RackBounds({{0, 1}, {0, 1}, {1, 1}, {1, 1}, {2, 1}, {2, 1}}, 4),
            (std::vector<Bounds>{{1, 2}, {1, 2}, {1, 2}}));
}

TEST(AssignmentTest, ASmallRackLeavesMoreToTheOthers) {
  EXPECT_EQ(RackBounds({{0, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}, 4),
            (std::vector<Bounds>{{1, 1}, {2, 3}}));
}

TEST(AssignmentTest, SharesFollowTheWeights) {
  EXPECT_EQ(Shares({{0, 100}, {1, 100}, {2, 200}}, 256, 1),
            (std::vector<Bounds>{{64, 64}, {64, 64}, {128, 128}}));
  EXPECT_EQ(Shares({{0, 1}, {1, 1}, {2, 1}}, 256, 1),
            (std::vector<Bounds>{{85, 86}, {85, 86}, {85, 86}}));
}

TEST(AssignmentTest, AHolderTakesEachPartitionOnceHoweverHeavyItIs) {
  EXPECT_EQ(Shares({{0, 9000}, {1, 100}, {2, 100}}, 64, 2),
            (std::vector<Bounds>{{64, 64}, {32, 32}, {32, 32}}));
}

TEST(AssignmentTest, ARackTakesNoMoreThanItsSpread) {
  // By weight alone rack 0 would hold 3/4 of 128; one copy a rack leaves it 64.
  EXPECT_EQ(Shares({{0, 1}, {0, 1}, {0, 1}, {1, 1}}, 64, 2),
            (std::vector<Bounds>{{21, 22}, {21, 22}, {21, 22}, {64, 64}}));
}

TEST(AssignmentTest, ARackTakesNoLessThanItsSpread) {
  // Copies 3 in 2 racks: each partition has one in rack 1 at least, light as it is.
  EXPECT_EQ(Shares({{0, 1000}, {0, 1000}, {0, 1000}, {1, 1}, {1, 1}}, 64, 3),
            (std::vector<Bounds>{{42, 43}, {42, 43}, {42, 43}, {32, 32}, {32, 32}}));
}

TEST(AssignmentTest, SharesAreExactForWeightsOfAnySize) {
  constexpr std::uint32_t kHuge = UINT32_MAX;
  const std::vector<Holder> holders(512, Holder{0, kHuge});
  EXPECT_EQ(Shares(holders, 4096, 5), std::vector<Bounds>(512, Bounds{40, 40}));
}

TEST(AssignmentTest, AFairWishIsGrantedWhole) {
  const std::vector<Holder> holders(4, Holder{0, 1});
  const std::vector<HolderList> wish = {{0, 1}, {2, 3}, {1, 2}, {3, 0}};
  std::vector<HolderList> chosen = Assign(holders, 2, wish, {4, HolderList{0, 1, 2, 3}});
  for (std::size_t p = 0; p < wish.size(); ++p) {
    EXPECT_TRUE(std::ranges::is_permutation(chosen[p], wish[p])) << p;
  }
}

TEST(AssignmentTest, AnUnfairWishIsCorrectedByTheFewestMoves) {
  const std::vector<Holder> holders = {{0, 1}, {1, 1}};
  const std::vector<HolderList> wish(6, HolderList{0});
  const std::vector<HolderList> chosen = Assign(holders, 1, wish, {6, HolderList{0, 1}});
  EXPECT_EQ(LoadOf(chosen, 2), (std::vector<std::uint32_t>{3, 3}));
}

TEST(AssignmentTest, MovesTheFirstOfAPartitionLast) {
  // Holder 0 has to give up one of two; it keeps the one that it leads.
  const std::vector<Holder> holders(4, Holder{0, 1});
  const std::vector<HolderList> wish = {{0, 1}, {2, 0}};
  const std::vector<HolderList> chosen = Assign(holders, 2, wish, {2, HolderList{0, 1, 2, 3}});
  EXPECT_TRUE(std::ranges::is_permutation(chosen[0], HolderList{0, 1}));
  EXPECT_TRUE(std::ranges::is_permutation(chosen[1], HolderList{2, 3}));
}

TEST(AssignmentTest, FirstsAreSharedByWeight) {
  const std::vector<Holder> holders = {{0, 100}, {0, 100}, {0, 200}};
  const std::vector<HolderList> lists(64, HolderList{0, 1, 2});
  const HolderList firsts = AssignFirsts(holders, lists);
  EXPECT_EQ(std::ranges::count(firsts, 0U), 16);
  EXPECT_EQ(std::ranges::count(firsts, 1U), 16);
  EXPECT_EQ(std::ranges::count(firsts, 2U), 32);
}

TEST(AssignmentTest, AForcedExcessOfFirstsIsSharedToo) {
  // Holder 2 is in one list only, so 0 and 1 must lead the other seven: 4 and 3, not 7 and 0.
  const std::vector<Holder> holders(3, Holder{0, 1});
  std::vector<HolderList> lists(7, HolderList{0, 1});
  lists.push_back({0, 2});
  const HolderList firsts = AssignFirsts(holders, lists);
  EXPECT_EQ(std::ranges::count(firsts, 2U), 1);
  EXPECT_LE(std::ranges::count(firsts, 0U), 4);
  EXPECT_LE(std::ranges::count(firsts, 1U), 4);
}

}  // namespace
}  // namespace meridian::local
