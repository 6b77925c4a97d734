#include "crdt/context.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace meridian::crdt {
namespace {

constexpr Actor kA = Actor::Of({1}, {1}, 1);
constexpr Actor kB = Actor::Of({1}, {2}, 1);
constexpr Actor kC = Actor::Of({2}, {1}, 7);

Context Of(std::initializer_list<Dot> dots) {
  Context context;
  for (const Dot& dot : dots) context.Add(dot);
  return context;
}

TEST(ContextTest, CoversEverySequenceUpToTheHighestOfAnActor) {
  const Context context = Of({{kA, 9}, {kB, 2}});
  EXPECT_TRUE(context.Covers(Dot{kA, 1}));
  EXPECT_TRUE(context.Covers(Dot{kA, 9}));
  EXPECT_FALSE(context.Covers(Dot{kA, 10}));
  EXPECT_TRUE(context.Covers(Dot{kB, 2}));
  EXPECT_FALSE(context.Covers(Dot{kB, 3}));
  EXPECT_FALSE(context.Covers(Dot{kC, 1}));
}

TEST(ContextTest, AnOlderDotDoesNotLowerAnEntry) {
  Context context = Of({{kA, 9}});
  context.Add({kA, 4});
  EXPECT_EQ(context.SequenceOf(kA), 9U);
}

TEST(ContextTest, EntriesAreSortedWhateverTheOrderOfArrival) {
  EXPECT_EQ(Of({{kC, 1}, {kA, 2}, {kB, 3}}), Of({{kB, 3}, {kC, 1}, {kA, 2}}));
  EXPECT_EQ(Of({{kC, 1}, {kA, 2}}).entries(), (std::vector<Dot>{{kA, 2}, {kC, 1}}));
}

TEST(ContextTest, MergeTakesTheHigherSequenceOfEachActor) {
  Context merged = Of({{kA, 9}, {kB, 2}});
  merged.Merge(Of({{kA, 3}, {kB, 5}, {kC, 1}}));
  EXPECT_EQ(merged, Of({{kA, 9}, {kB, 5}, {kC, 1}}));
}

TEST(ContextTest, MergeWithNothingOrWithItselfChangesNothing) {
  const Context context = Of({{kA, 9}, {kB, 2}});
  Context merged = context;
  merged.Merge({});
  EXPECT_EQ(merged, context);
  merged.Merge(merged);
  EXPECT_EQ(merged, context);
  Context empty;
  empty.Merge(context);
  EXPECT_EQ(empty, context);
}

TEST(ContextTest, MergeInterleavesManyActors) {
  Context even, odd, all;
  for (std::uint32_t i = 1; i <= 1000; ++i) {
    const Dot dot{Actor::Of({1}, {i}, 1), i};
    (i % 2 == 0 ? even : odd).Add(dot);
    all.Add(dot);
  }
  Context merged = odd;
  merged.Merge(even);
  EXPECT_EQ(merged, all);
}

TEST(ContextTest, CoversAnotherContextEntryByEntry) {
  EXPECT_TRUE(Of({{kA, 9}, {kB, 2}}).Covers(Of({{kA, 9}})));
  EXPECT_TRUE(Of({{kA, 9}}).Covers(Context{}));
  EXPECT_FALSE(Of({{kA, 9}}).Covers(Of({{kB, 1}})));
  EXPECT_FALSE(Of({{kA, 9}}).Covers(Of({{kA, 10}})));
}

TEST(ContextTest, ReadsAsActorsAndSequences) {
  EXPECT_EQ(Of({{kC, 12}, {kA, 1}}).ToString(), "{1.1#1:1 2.1#7:12}");
  EXPECT_EQ(Context{}.ToString(), "{}");
}

TEST(ContextTest, DecodingRefusesWhatIsNotCanonical) {
  EXPECT_TRUE(Decode<Context>(Encode(std::vector<Dot>{{kA, 1}, {kB, 1}})));
  EXPECT_FALSE(Decode<Context>(Encode(std::vector<Dot>{{kB, 1}, {kA, 1}})));
  EXPECT_FALSE(Decode<Context>(Encode(std::vector<Dot>{{kA, 1}, {kA, 2}})));
}

TEST(ContextTest, DecodingRefusesSequencesThatNobodyMints) {
  EXPECT_FALSE(Decode<Context>(Encode(std::vector<Dot>{{kA, 0}})));
  EXPECT_FALSE(Decode<Context>(Encode(std::vector<Dot>{{kA, UINT64_MAX}})));
}

}  // namespace
}  // namespace meridian::crdt
