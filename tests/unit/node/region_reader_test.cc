#include "node/region_reader.h"

#include <gtest/gtest.h>

#include "support/three_regions.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

// us-east's gateway, asked by eu-west's for the row of one key.
class RegionReaderTest : public ::testing::Test {
 protected:
  local::Ring ring{ThreeRegions(), Gateway(kUs)};
  MemoryDisk disk;
  Turn turn{Gateway(kUs), disk};
  RegionReader reader{ring, turn, 7};
  const crdt::RowUpdate row = Written(KeyIn(ring, 0), {kA, 1});
  const wan::RowAsk ask{{4}, 9, row.key, 1000};

  std::vector<std::pair<ProcessId, local::ReadRow>> AskNow(Moment now, const wan::RowAsk& what,
                                                           ProcessId from = Gateway(kEu)) {
    reader.Read(now, from, what);
    return Sent<local::ReadRow>(turn.Take());
  }
  void Answer(ProcessId node, std::uint64_t id, const crdt::Row& read) {
    reader.OnRowRead({node.number}, {id, read});
  }
};

TEST_F(RegionReaderTest, AnswersWithWhatMostPrimariesKnow) {
  const auto reads = AskNow(At(0s), ask);
  ASSERT_EQ(reads.size(), 3U);
  const std::uint64_t id = reads[0].second.id;
  Answer(reads[0].first, id, row.row);
  Answer(reads[0].first, id, row.row);
  EXPECT_TRUE(turn.Take().messages.empty()) << "one node twice is no quorum";
  Answer(reads[1].first, id, Written(row.key, {kB, 1}, "other").row);
  const auto answers = Sent<wan::RowAnswer>(turn.Take());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].first, Gateway(kEu));
  EXPECT_EQ(answers[0].second.row.versions.size(), 2U);
  EXPECT_EQ(reader.in_flight(), 0U);
  EXPECT_EQ(reader.NextDeadline(), kNever);
}

TEST_F(RegionReaderTest, SilentPrimariesAreAskedAgainUntilTheAskerGivesUp) {
  const auto reads = AskNow(At(0s), ask);
  Answer(reads[0].first, reads[0].second.id, row.row);
  EXPECT_EQ(reader.NextDeadline(), At(200ms).monotonic);
  reader.Tick(At(200ms));
  EXPECT_EQ(Sent<local::ReadRow>(turn.Take()).size(), 2U);
  reader.Tick(At(1s));
  EXPECT_EQ(reader.in_flight(), 0U);
  EXPECT_TRUE(turn.Take().messages.empty());
}

TEST_F(RegionReaderTest, ARepeatedAskIsOneReadWhoseAnswerGoesToTheLatestGateway) {
  const auto reads = AskNow(At(0s), ask);
  EXPECT_TRUE(AskNow(At(100ms), ask, Gateway(kEu, 2)).empty());
  EXPECT_FALSE(AskNow(At(100ms), ask, Gateway(kAp)).empty()) << "another region's node 4";
  for (const auto& [node, read] : reads) Answer(node, read.id, {});
  EXPECT_EQ(Sent<wan::RowAnswer>(turn.Take()).at(0).first, Gateway(kEu, 2));
}

TEST_F(RegionReaderTest, WhatThisRegionDoesNotHoldIsNotRead) {
  EXPECT_TRUE(AskNow(At(0s), {{4}, 9, Key("k", kEuOnly, {4}), 1000}).empty());
  EXPECT_TRUE(AskNow(At(0s), {{4}, 9, Key("k", kEverywhere, {99}), 1000}).empty());
  EXPECT_EQ(reader.in_flight(), 0U);
}

TEST_F(RegionReaderTest, TakesOnNoMoreThanItCanKeep) {
  wan::RowAsk one = ask;
  for (one.id = 1; one.id <= 1024; ++one.id) ASSERT_FALSE(AskNow(At(0s), one).empty());
  EXPECT_TRUE(AskNow(At(0s), one).empty());
  reader.Tick(At(1s));
  EXPECT_FALSE(AskNow(At(1s), one).empty());
}

TEST_F(RegionReaderTest, TheBytesGatheredAreBoundedToo) {
  const crdt::Row large = Written(row.key, {kA, 1}, Bytes(4 << 20, 'v')).row;
  wan::RowAsk one = ask;
  for (one.id = 1; one.id <= 16; ++one.id) {
    const auto reads = AskNow(At(0s), one);
    ASSERT_FALSE(reads.empty());
    Answer(reads[0].first, reads[0].second.id, large);
  }
  EXPECT_TRUE(AskNow(At(0s), one).empty());
  reader.Tick(At(1s));
  EXPECT_FALSE(AskNow(At(1s), one).empty());
}

}  // namespace
}  // namespace meridian::node
