#include "crdt/row.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "crdt/row_update.h"

namespace meridian::crdt {
namespace {

constexpr Actor kA = Actor::Of({1}, {1}, 1);
constexpr Actor kB = Actor::Of({2}, {1}, 1);
constexpr Policy kBoth[] = {Policy::kSiblings, Policy::kLww};

Row Put(const Row& row, Dot dot, std::uint64_t stamp, std::optional<Bytes> value,
        const Context& read = {}, Policy policy = Policy::kSiblings) {
  return Updated(row, Change{dot, {stamp}, std::move(value), read, {}}, policy);
}

std::vector<Dot> Shown(const Row& row) {
  std::vector<Dot> dots;
  for (const Version& version : row.versions) dots.push_back(version.dot);
  return dots;
}

// The stored form, field by field.
Bytes Stored(std::initializer_list<std::uint64_t> numbers) {
  Bytes bytes(1, '\1');
  for (const std::uint64_t number : numbers) EncodeTo(bytes, number);
  return bytes;
}

TEST(RowTest, APutWithoutContextAddsASibling) {
  const Row milk = Put({}, {kA, 1}, 1, "milk");
  const Row both = Put(milk, {kB, 1}, 2, "bread");
  EXPECT_EQ(Shown(both), (std::vector<Dot>{{kA, 1}, {kB, 1}}));
}

TEST(RowTest, APutReplacesExactlyWhatItsClientHadRead) {
  const Row milk = Put({}, {kA, 1}, 1, "milk");
  const Row both = Put(milk, {kB, 1}, 2, "bread");
  const Row tea = Put(both, {kB, 2}, 3, "tea", milk.context);
  EXPECT_EQ(Shown(tea), (std::vector<Dot>{{kB, 1}, {kB, 2}}));
  EXPECT_TRUE(tea.context.Covers(both.context));
}

TEST(RowTest, APutAlsoReplacesItsClientsOwnLastWriteButNotWhatItsActorWroteBefore) {
  const Row milk = Put({}, {kA, 1}, 1, "milk");
  const Row both = Put(milk, {kA, 2}, 2, "bread");
  const Row tea = Updated(both, Change{{kA, 3}, {3}, "tea", {}, Dot{kA, 2}}, Policy::kSiblings);
  EXPECT_EQ(Shown(tea), (std::vector<Dot>{{kA, 1}, {kA, 3}}));
  EXPECT_EQ(Shown(Join(tea, both, Policy::kSiblings)), Shown(tea));
}

TEST(RowTest, AnOwnWriteThatIsNotHereYetIsNotClaimed) {
  const Row elsewhere = Put({}, {kB, 5}, 1, "bread");
  const Row tea = Updated({}, Change{{kA, 1}, {3}, "tea", {}, Dot{kB, 5}}, Policy::kSiblings);
  EXPECT_FALSE(tea.context.Covers(Dot{kB, 1}));
  EXPECT_EQ(Shown(Join(tea, elsewhere, Policy::kSiblings)), (std::vector<Dot>{{kA, 1}, {kB, 5}}));
}

TEST(RowTest, WhatAClientReadElsewhereIsReplacedWhenItArrives) {
  const Row elsewhere = Put({}, {kB, 1}, 1, "bread");
  const Row here = Put({}, {kA, 1}, 2, "milk", elsewhere.context);
  EXPECT_EQ(Shown(Join(here, elsewhere, Policy::kSiblings)), (std::vector<Dot>{{kA, 1}}));
}

TEST(RowTest, ConcurrentUpdatesWithOneContextAreSiblingsUntilMerged) {
  const Row base = Put({}, {kA, 1}, 1, "milk");
  const Row left = Put(base, {kA, 2}, 2, "milk, bread", base.context);
  const Row right = Put(base, {kB, 1}, 3, "milk, tea", base.context);
  const Row joined = Join(left, right, Policy::kSiblings);
  EXPECT_EQ(Shown(joined), (std::vector<Dot>{{kA, 2}, {kB, 1}}));
  const Row merged = Put(joined, {kB, 2}, 4, "all", joined.context);
  EXPECT_EQ(Join(merged, left, Policy::kSiblings), merged);
  EXPECT_EQ(Shown(merged), (std::vector<Dot>{{kB, 2}}));
}

TEST(RowTest, ADeletedValueDoesNotComeBackFromAnOldReplica) {
  for (const Policy policy : kBoth) {
    const Row milk = Put({}, {kA, 1}, 1, "milk", {}, policy);
    const Row gone = Put(milk, {kB, 1}, 2, std::nullopt, milk.context, policy);
    const Row joined = Join(milk, gone, policy);
    EXPECT_EQ(joined, gone);
    ASSERT_EQ(joined.versions.size(), 1U);
    EXPECT_FALSE(joined.versions[0].value);
  }
}

TEST(RowTest, LastWriterWinsByStampThenActorThenSequence) {
  const auto row = [](Dot dot, std::uint64_t stamp) {
    return Put({}, dot, stamp, "v", {}, Policy::kLww);
  };
  const auto winner = [&](const Row& a, const Row& b) {
    return Shown(Join(a, b, Policy::kLww)).at(0);
  };
  EXPECT_EQ(winner(row({kA, 1}, 9), row({kB, 1}, 8)), (Dot{kA, 1}));
  EXPECT_EQ(winner(row({kA, 9}, 8), row({kB, 1}, 8)), (Dot{kB, 1}));
  EXPECT_EQ(winner(row({kA, 2}, 8), row({kA, 3}, 8)), (Dot{kA, 3}));
}

TEST(RowTest, UnderLwwThereIsOneVersionAndTheContextKnowsAll) {
  const Row milk = Put({}, {kA, 1}, 1, "milk", {}, Policy::kLww);
  const Row bread = Put({}, {kB, 1}, 2, "bread", {}, Policy::kLww);
  const Row joined = Join(milk, bread, Policy::kLww);
  EXPECT_EQ(Shown(joined), (std::vector<Dot>{{kB, 1}}));
  EXPECT_TRUE(joined.context.Covers(Dot{kA, 1}));
}

TEST(RowTest, OfTwoVersionsUnderOneDotTheFirstRowsStays) {  // one of them rotted
  for (const Policy policy : kBoth) {
    const Row right = Put({}, {kA, 1}, 1, "milk", {}, policy);
    Row rotten = right;
    rotten.versions[0].value = "silk";
    EXPECT_EQ(Join(right, rotten, policy), right);
    EXPECT_EQ(Join(rotten, right, policy), rotten);
  }
}

TEST(RowTest, MaxStampIsTheHighestOfItsVersions) {
  EXPECT_EQ(Row{}.MaxStamp(), Stamp{});
  EXPECT_EQ(Put(Put({}, {kA, 1}, 9, "a"), {kB, 1}, 3, "b").MaxStamp(), Stamp{9});
}

TEST(RowTest, HasExactlyTheDotsItShows) {
  const Row row = Put(Put({}, {kA, 1}, 1, "a"), {kB, 2}, 2, "b");
  EXPECT_TRUE(row.Has({kA, 1}));
  EXPECT_TRUE(row.Has({kB, 2}));
  EXPECT_FALSE(row.Has({kB, 1}));
  EXPECT_FALSE(Row{}.Has({kA, 1}));
}

TEST(RowDeathTest, ADotIsNotMintedTwice) {
  const Row row = Put({}, {kA, 2}, 1, "a");
  EXPECT_DEATH(Put(row, {kA, 2}, 2, "b"), "check failed");
}

TEST(RowTest, TheUsualRowCostsFewBytesAboveItsValue) {
  const Row row = Put({}, {Actor::Of({3}, {3}, 5), 100'000}, 1'700'000'000'000 << 16, "value");
  EXPECT_LE(EncodeRow(row).size(), 33U + 5U);
}

TEST(RowTest, DecodingTakesWhatEncodingGives) {
  const Row row = Put(Put({}, {kA, 1}, 1, std::nullopt), {kB, 2}, 2, Bytes("\0b", 2));
  EXPECT_EQ(DecodeRow(EncodeRow(row)).value(), row);
  EXPECT_EQ(DecodeRow(EncodeRow({})).value(), Row{});
}

TEST(RowTest, DecodingRefusesVersionsThatTheContextDoesNotCover) {
  // one context entry (actor 7, sequence 3); one version (entry, distance, stamp 5, flags 0)
  EXPECT_TRUE(DecodeRow(Stored({1, 7, 3, 1, 0, 2, 5, 0})));
  EXPECT_FALSE(DecodeRow(Stored({1, 7, 3, 1, 1, 2, 5, 0})));  // no such entry
  EXPECT_FALSE(DecodeRow(Stored({1, 7, 3, 1, 0, 3, 5, 0})));  // sequence 0
  EXPECT_FALSE(DecodeRow(Stored({1, 7, 3, 1, 0, UINT64_MAX, 5, 0})));
}

TEST(RowTest, DecodingRefusesASecondFormOfTheSameRow) {
  EXPECT_TRUE(DecodeRow(Stored({1, 7, 3, 2, 0, 2, 5, 0, 0, 0, 5, 0})));
  EXPECT_FALSE(DecodeRow(Stored({1, 7, 3, 2, 0, 0, 5, 0, 0, 2, 5, 0})));  // order
  EXPECT_FALSE(DecodeRow(Stored({1, 7, 3, 2, 0, 0, 5, 0, 0, 0, 5, 0})));  // twice
  EXPECT_FALSE(DecodeRow(Stored({1, 7, 3, 1, 0, 2, 5, 4})));              // an unknown flag
  EXPECT_TRUE(DecodeRow(Stored({1, 7, 3, 1, 0, 2, 5, 2, 8})));
  EXPECT_FALSE(DecodeRow(Stored({1, 7, 3, 1, 0, 2, 5, 2, 0})));  // expires, and never does
  EXPECT_TRUE(DecodeRow(Bytes("\1\0\0", 3)));
  EXPECT_FALSE(DecodeRow(Bytes("\1\x80\0\0", 4)));  // zero in two bytes
}

TEST(RowTest, DecodingTellsANewerFormatFromGarbage) {
  EXPECT_EQ(DecodeRow("\2").error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(DecodeRow("").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(DecodeRow(Bytes("\0\0\0", 3)).error().code, ErrorCode::kCorrupt);
}

TEST(RowTest, DecodingRefusesEveryPrefix) {
  const Bytes stored = EncodeRow(Put(Put({}, {kA, 1}, 1, "milk"), {kB, 2}, 2, std::nullopt));
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_FALSE(DecodeRow(ByteView(stored).substr(0, size))) << size;
  }
}

TEST(RowUpdateTest, DecodingRefusesListedDotsThatNobodyMints) {
  const auto received = [](Dot listed) {
    return Decode<RowUpdate>(Encode(RowUpdate{{{1}, {1}, "k", ""}, {}, {listed}}));
  };
  EXPECT_TRUE(received({kA, 1}));
  EXPECT_TRUE(received({kA, UINT64_MAX - 1}));
  EXPECT_FALSE(received({kA, 0}));
  EXPECT_FALSE(received({kA, UINT64_MAX}));
}

}  // namespace
}  // namespace meridian::crdt
