#include "crdt/seen_vector.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace meridian::crdt {
namespace {

constexpr Actor kA = Actor::Of({1}, {1}, 1);
constexpr Actor kB = Actor::Of({2}, {1}, 7);
constexpr Actor kC = Actor::Of({3}, {2}, 1);

struct Extent {
  Actor actor;
  Interval interval;
};

SeenVector Of(std::initializer_list<Extent> extents) {
  SeenVector seen;
  for (const Extent& extent : extents) seen.Add(extent.actor, IntervalSet(extent.interval));
  return seen;
}

TEST(SeenVectorTest, AddSaysWhetherTheDotIsNew) {
  SeenVector seen;
  EXPECT_TRUE(seen.Add({kA, 3}));
  EXPECT_FALSE(seen.Add({kA, 3}));
  EXPECT_TRUE(seen.Add({kB, 3}));
  EXPECT_TRUE(seen.Contains({kA, 3}));
  EXPECT_FALSE(seen.Contains({kA, 2}));
  EXPECT_FALSE(seen.Contains({kC, 3}));
}

TEST(SeenVectorTest, AnActorWithoutSequencesHasNoEntry) {
  SeenVector seen;
  seen.Add(kA, IntervalSet{});
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(seen.SequencesOf(kA), nullptr);
  EXPECT_TRUE(Of({{kA, {1, 5}}}).Without(Of({{kA, {1, 9}}})).empty());
  EXPECT_TRUE(Of({{kA, {1, 5}}}).Common(Of({{kA, {6, 9}}})).empty());
}

TEST(SeenVectorTest, WithoutIsWhatThePeerLacks) {
  const SeenVector mine = Of({{kA, {1, 40}}, {kA, {42, 57}}, {kB, {1, 9}}});
  const SeenVector yours = Of({{kA, {1, 50}}, {kC, {1, 1}}});
  EXPECT_EQ(mine.Without(yours), Of({{kA, {51, 57}}, {kB, {1, 9}}}));
  EXPECT_EQ(yours.Without(mine), Of({{kA, {41, 41}}, {kC, {1, 1}}}));
}

TEST(SeenVectorTest, MergeInterleavesActors) {
  SeenVector seen = Of({{kA, {1, 3}}, {kC, {1, 1}}});
  seen.Merge(Of({{kA, {3, 5}}, {kB, {2, 2}}}));
  EXPECT_EQ(seen, Of({{kA, {1, 5}}, {kB, {2, 2}}, {kC, {1, 1}}}));
  seen.Merge({});
  seen.Merge(seen);
  EXPECT_EQ(seen.Count(), 7U);
}

TEST(SeenVectorTest, CoversEveryDotOfTheOther) {
  const SeenVector seen = Of({{kA, {1, 5}}, {kB, {2, 2}}});
  EXPECT_TRUE(seen.Covers(Of({{kA, {2, 4}}})));
  EXPECT_TRUE(seen.Covers(SeenVector{}));
  EXPECT_FALSE(seen.Covers(Of({{kC, {1, 1}}})));
  EXPECT_FALSE(seen.Covers(Of({{kA, {5, 6}}})));
}

TEST(SeenVectorTest, OnlyKeepsTheActorsThatAreWanted) {
  const SeenVector seen = Of({{kA, {1, 5}}, {kB, {2, 2}}});
  EXPECT_EQ(seen.Only([](Actor actor) { return actor.region() == RegionId{2}; }),
            Of({{kB, {2, 2}}}));
}

TEST(SeenVectorTest, DigestsDifferWhenVectorsDo) {
  EXPECT_EQ(SeenVector{}.Digest(), 0U);
  EXPECT_EQ(Of({{kA, {1, 5}}}).Digest(), Of({{kA, {4, 5}}, {kA, {1, 3}}}).Digest());
  EXPECT_NE(Of({{kA, {1, 5}}}).Digest(), Of({{kA, {1, 6}}}).Digest());
}

TEST(SeenVectorTest, ReadsAsActorsAndIntervals) {
  EXPECT_EQ(Of({{kB, {1, 40}}, {kB, {42, 57}}, {kC, {1, 9}}}).ToString(),
            "2.1#7: 1-40,42-57  3.2#1: 1-9");
}

TEST(SeenVectorTest, DecodingRefusesWhatIsNotCanonical) {
  const IntervalSet some(Interval{1, 1});
  const auto encoded = [](std::vector<SeenVector::Entry> entries) { return Encode(entries); };
  EXPECT_TRUE(Decode<SeenVector>(encoded({{kA, some}, {kB, some}})));
  EXPECT_FALSE(Decode<SeenVector>(encoded({{kB, some}, {kA, some}})));
  EXPECT_FALSE(Decode<SeenVector>(encoded({{kA, some}, {kA, some}})));
  EXPECT_FALSE(Decode<SeenVector>(encoded({{kA, IntervalSet{}}})));
}

TEST(HeldByTest, AQuorumIsCountedDotByDot) {
  const SeenVector a = Of({{kA, {1, 10}}});
  const SeenVector b = Of({{kA, {5, 15}}, {kB, {1, 1}}});
  const SeenVector c = Of({{kA, {9, 20}}});
  const std::vector<const SeenVector*> all = {&a, &b, &c};
  EXPECT_EQ(HeldBy(all, 1), Of({{kA, {1, 20}}, {kB, {1, 1}}}));
  EXPECT_EQ(HeldBy(all, 2), Of({{kA, {5, 15}}}));
  EXPECT_EQ(HeldBy(all, 3), Of({{kA, {9, 10}}}));
}

TEST(HeldByTest, AQuorumThatCannotBeReachedHoldsNothing) {
  const SeenVector a = Of({{kA, {1, 10}}});
  EXPECT_TRUE(HeldBy({&a}, 2).empty());
  EXPECT_TRUE(HeldBy({}, 1).empty());
  EXPECT_TRUE(HeldBy({&a}, SIZE_MAX).empty());
}

}  // namespace
}  // namespace meridian::crdt
