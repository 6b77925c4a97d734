#include "crdt/interval_set.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace meridian::crdt {
namespace {

constexpr std::uint64_t kLast = UINT64_MAX - 1;

IntervalSet Of(std::initializer_list<Interval> intervals) {
  IntervalSet set;
  for (const Interval& interval : intervals) set.Add(interval);
  return set;
}

Bytes Numbers(std::initializer_list<std::uint64_t> numbers) {
  Bytes bytes;
  for (const std::uint64_t number : numbers) EncodeTo(bytes, number);
  return bytes;
}

TEST(IntervalSetTest, ConsecutiveSequencesAreOneInterval) {
  IntervalSet set;
  for (std::uint64_t i = 1; i <= 40; ++i) set.Add(i);
  EXPECT_EQ(set.intervals(), (std::vector<Interval>{{1, 40}}));
  EXPECT_EQ(set.Count(), 40U);
  EXPECT_EQ(set.Max(), 40U);
}

TEST(IntervalSetTest, FillingAHoleJoinsItsNeighbours) {
  IntervalSet set = Of({{1, 40}, {42, 57}});
  EXPECT_EQ(set.ToString(), "1-40,42-57");
  set.Add(41);
  EXPECT_EQ(set.ToString(), "1-57");
}

TEST(IntervalSetTest, AnAddedIntervalSwallowsWhatItOverlapsOrTouches) {
  IntervalSet set = Of({{2, 3}, {5, 5}, {8, 9}, {20, 30}});
  set.Add({4, 10});
  EXPECT_EQ(set, Of({{2, 10}, {20, 30}}));
  set.Add({1, 40});
  EXPECT_EQ(set, Of({{1, 40}}));
}

TEST(IntervalSetTest, AddsInFrontAndBetween) {
  EXPECT_EQ(Of({{10, 12}, {1, 1}, {5, 6}}).ToString(), "1,5-6,10-12");
}

TEST(IntervalSetTest, ContainsExactlyItsSequences) {
  const IntervalSet set = Of({{2, 3}, {7, 7}});
  for (const std::uint64_t in : {2U, 3U, 7U}) EXPECT_TRUE(set.Contains(in));
  for (const std::uint64_t out : {0U, 1U, 4U, 6U, 8U}) EXPECT_FALSE(set.Contains(out));
}

TEST(IntervalSetTest, MergeIsTheUnion) {
  IntervalSet set = Of({{1, 3}, {10, 12}});
  set.Merge(Of({{4, 5}, {8, 10}, {20, 20}}));
  EXPECT_EQ(set, Of({{1, 5}, {8, 12}, {20, 20}}));
  set.Merge({});
  set.Merge(set);
  EXPECT_EQ(set, Of({{1, 5}, {8, 12}, {20, 20}}));
}

TEST(IntervalSetTest, MergeOfManyHolesFillsThemAll) {
  IntervalSet even, odd;
  for (std::uint64_t i = 1; i <= 2000; ++i) (i % 2 == 0 ? even : odd).Add(i);
  odd.Merge(even);
  EXPECT_EQ(odd, Of({{1, 2000}}));
}

TEST(IntervalSetTest, CoversNeedsEverySequence) {
  const IntervalSet set = Of({{1, 5}, {8, 12}});
  EXPECT_TRUE(set.Covers(Of({{2, 3}, {8, 12}})));
  EXPECT_TRUE(set.Covers({}));
  EXPECT_FALSE(set.Covers(Of({{5, 8}})));
  EXPECT_FALSE(set.Covers(Of({{13, 13}})));
  EXPECT_FALSE(IntervalSet{}.Covers(Of({{1, 1}})));
}

TEST(IntervalSetTest, WithoutCutsHoles) {
  EXPECT_EQ(Of({{1, 10}}).Without(Of({{3, 4}, {10, 20}})), Of({{1, 2}, {5, 9}}));
  EXPECT_EQ(Of({{1, 2}, {5, 6}}).Without(Of({{2, 5}})), Of({{1, 1}, {6, 6}}));
  EXPECT_TRUE(Of({{3, 4}}).Without(Of({{1, 9}})).empty());
}

TEST(IntervalSetTest, CommonKeepsWhatBothHave) {
  EXPECT_EQ(Of({{1, 10}, {20, 30}}).Common(Of({{5, 22}, {29, 40}})),
            Of({{5, 10}, {20, 22}, {29, 30}}));
  EXPECT_TRUE(Of({{1, 2}}).Common(Of({{3, 4}})).empty());
}

TEST(IntervalSetTest, WorksUpToTheLastSequence) {
  IntervalSet set = Of({{kLast, kLast}});
  set.Add({5, kLast - 1});
  EXPECT_EQ(set, Of({{5, kLast}}));
  set.Add({1, kLast});
  EXPECT_EQ(set.Count(), kLast);
  EXPECT_EQ(set.Without(Of({{1, kLast - 1}})), Of({{kLast, kLast}}));
  EXPECT_TRUE(set.Without(set).empty());
  EXPECT_EQ(Decode<IntervalSet>(Encode(set)).value(), set);
}

TEST(IntervalSetTest, AHealthyCursorTakesThreeBytes) {
  EXPECT_EQ(Encode(Of({{1, 100}})).size(), 3U);
}

TEST(IntervalSetTest, DecodingRefusesWhatIsNotCanonical) {
  EXPECT_EQ(Decode<IntervalSet>(Numbers({2, 1, 39, 2, 15})).value(), Of({{1, 40}, {42, 57}}));
  EXPECT_FALSE(Decode<IntervalSet>(Numbers({1, 0, 3})));          // sequence 0
  EXPECT_FALSE(Decode<IntervalSet>(Numbers({2, 1, 39, 1, 15})));  // two that touch
  EXPECT_FALSE(Decode<IntervalSet>(Numbers({2, 1, 39, 0, 15})));  // two that overlap
}

TEST(IntervalSetTest, DecodingRefusesWhatWouldOverflow) {
  EXPECT_FALSE(Decode<IntervalSet>(Numbers({1, UINT64_MAX, 0})));
  EXPECT_FALSE(Decode<IntervalSet>(Numbers({1, kLast, 1})));
  EXPECT_FALSE(Decode<IntervalSet>(Numbers({1, 1, UINT64_MAX})));
  EXPECT_FALSE(Decode<IntervalSet>(Numbers({2, 1, kLast - 1, 2, 0})));
}

TEST(IntervalSetTest, DecodingRefusesACountThatTheInputDoesNotPayFor) {
  EXPECT_FALSE(Decode<IntervalSet>(Numbers({UINT64_MAX, 1, 1})));
  EXPECT_FALSE(Decode<IntervalSet>(Numbers({2, 1, 1})));
}

}  // namespace
}  // namespace meridian::crdt
