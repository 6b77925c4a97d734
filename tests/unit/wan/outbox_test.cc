#include "wan/outbox.h"

#include <gtest/gtest.h>

#include "support/three_regions.h"

namespace meridian::wan {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

constexpr crdt::PartitionKey kPartition{kEverywhere, {0}};
constexpr std::uint64_t kLife = 77;

Instant Time(Duration since) {
  return At(since).monotonic;
}

class OutboxTest : public ::testing::Test {
 protected:
  Outbox outbox{kLife, OutboxOptions{.window_bytes = 4000,
                                     .batch_bytes = 2000,
                                     .pending_bytes_max = 8000,
                                     .gather = 5ms,
                                     .resend_after = 1500ms}};

  void Offer(std::uint64_t sequence, std::size_t bytes = 10) {
    const std::string key = "key" + std::to_string(sequence);
    outbox.Offer({kPartition, Written(Key(key), {kA, sequence}, Bytes(bytes, 'v'),
                                      std::chrono::seconds(sequence))});
  }
  crdt::SeenVector Missing(std::uint64_t first, std::uint64_t last) {
    return outbox.Missing(kPartition, Seen(kA, first, last));
  }
};

TEST_F(OutboxTest, SendsAtOnceWhenIdleButGathersBetweenSmallBatches) {
  Offer(1);
  const auto first = outbox.Next(Time(0ms));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->life, kLife);
  EXPECT_EQ(first->number, 1U);
  EXPECT_EQ(first->rows.size(), 1U);

  Offer(2);
  Offer(3);
  EXPECT_FALSE(outbox.Next(Time(4ms)));
  EXPECT_EQ(outbox.NextDeadline(), Time(5ms));
  const auto second = outbox.Next(Time(5ms));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->number, 2U);
  EXPECT_EQ(second->rows.size(), 2U);
}

TEST_F(OutboxTest, AFullBatchDoesNotWait) {
  Offer(1);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  Offer(2, 1500);
  Offer(3, 1500);
  EXPECT_LE(outbox.NextDeadline(), Time(0ms));
  ASSERT_TRUE(outbox.Next(Time(0ms)));
}

TEST_F(OutboxTest, GathersWhileTheWindowIsClosed) {
  for (std::uint64_t sequence = 1; sequence <= 4; ++sequence) Offer(sequence, 1500);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  Offer(5, 1500);
  EXPECT_FALSE(outbox.Next(Time(1s)));
  EXPECT_GT(outbox.NextDeadline(), Time(1s)) << "only the resends are due";

  outbox.OnAck(Time(1s), {kLife, {1, 2}, {}});
  const auto next = outbox.Next(Time(1s));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->rows.front().key.key, "key5");
}

TEST_F(OutboxTest, WhatDoesNotFitIsMissingUntilItIsReadFromTheLog) {
  for (std::uint64_t sequence = 1; sequence <= 8; ++sequence) Offer(sequence, 1500);
  EXPECT_EQ(Missing(1, 8), Seen(kA, 6, 8));
  EXPECT_FALSE(outbox.HasRoom());
  EXPECT_LE(outbox.waiting_bytes(), 8000U);
}

TEST_F(OutboxTest, ARowLargerThanThePendingLimitIsSentAllTheSame) {
  Offer(1, 20'000);
  EXPECT_TRUE(outbox.Next(Time(0ms)));
}

TEST(OutboxLimitTest, ARowThatNoMessageCanCarryIsCountedAndDoesNotBlockTheOthers) {
  Outbox outbox{kLife, OutboxOptions{}};
  outbox.Offer({kPartition, Written(Key("huge"), {kA, 1}, Bytes(9'000'000, 'v'))});
  EXPECT_TRUE(outbox.idle());
  EXPECT_EQ(outbox.rows_too_large(), 1U);
  EXPECT_TRUE(outbox.Missing(kPartition, Seen(kA, 1, 1)).empty()) << "not read again and again";
  EXPECT_FALSE(outbox.Holds(kPartition, {kA, 1}));
  outbox.RetryTooLarge();
  EXPECT_EQ(outbox.Missing(kPartition, Seen(kA, 1, 1)), Seen(kA, 1, 1)) << "it may be smaller now";
  outbox.Offer({kPartition, Written(Key("large"), {kA, 2}, Bytes(6'900'000, 'v'))});
  EXPECT_TRUE(outbox.Next(Time(0ms)));
}

TEST_F(OutboxTest, WhatIsOnItsWayOrHeldIsNotOfferedTwice) {
  Offer(1);
  Offer(1);
  EXPECT_EQ(outbox.Next(Time(0ms))->rows.size(), 1U);
  Offer(1);
  outbox.OnAck(Time(1ms), {kLife, {1}, {}});
  Offer(1);
  EXPECT_TRUE(outbox.idle());
}

TEST_F(OutboxTest, AnAckMovesDotsFromOnTheirWayToHeld) {
  crdt::RowUpdate update = Written(Key("key"), {kA, 2});
  update.listed = {{kA, 1}};
  outbox.Offer({kPartition, update});
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  EXPECT_TRUE(Missing(1, 2).empty());
  EXPECT_EQ(outbox.NotHeld(kPartition, Seen(kA, 1, 2)), Seen(kA, 1, 2));
  EXPECT_FALSE(outbox.Holds(kPartition, {kA, 2}));

  outbox.OnAck(Time(100ms), {kLife, {1}, {}});
  EXPECT_TRUE(outbox.NotHeld(kPartition, Seen(kA, 1, 2)).empty());
  EXPECT_TRUE(outbox.Holds(kPartition, {kA, 1}));
  EXPECT_TRUE(outbox.Holds(kPartition, {kA, 2}));
  EXPECT_TRUE(outbox.idle());
  EXPECT_EQ(outbox.waiting_bytes(), 0U);
  EXPECT_EQ(outbox.round_trip(), 100ms);
}

TEST_F(OutboxTest, ASilentBatchIsSentAgainUnderItsNumber) {
  Offer(1);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  EXPECT_TRUE(outbox.Overdue(Time(1499ms)).empty());
  EXPECT_EQ(outbox.NextDeadline(), Time(1500ms));
  const std::vector<Batch> again = outbox.Overdue(Time(1500ms));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].number, 1U);
  EXPECT_EQ(again[0].rows.size(), 1U);
  EXPECT_EQ(outbox.resent_batches(), 1U);
  EXPECT_TRUE(outbox.Overdue(Time(2s)).empty()) << "it counts as sent again";

  outbox.OnAck(Time(2s), {kLife, {1}, {}});
  EXPECT_EQ(outbox.round_trip(), Duration{}) << "which sending it answers is not known";
}

// A slow link on which every batch is answered after it was sent again: no round trip is measured,
// and sending it all again at the usual pace would fill the link for ever.
TEST_F(OutboxTest, WaitsLongerEachTimeThatNothingSentOnceIsAcknowledged) {
  Offer(1, 2500);
  Offer(2, 2500);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  ASSERT_TRUE(outbox.Next(Time(10ms)));
  EXPECT_EQ(outbox.Overdue(Time(1500ms)).size(), 1U);
  EXPECT_TRUE(outbox.Overdue(Time(1510ms)).empty()) << "one silence, for both";
  EXPECT_EQ(outbox.NextDeadline(), Time(3010ms));
  EXPECT_EQ(outbox.Overdue(Time(3010ms)).size(), 1U);
  EXPECT_EQ(outbox.Overdue(Time(4500ms)).size(), 1U);
  EXPECT_TRUE(outbox.Overdue(Time(9s)).empty());

  outbox.OnAck(Time(9s), {kLife, {1, 2}, {}});
  Offer(3);
  ASSERT_TRUE(outbox.Next(Time(9s)));
  EXPECT_TRUE(outbox.Overdue(Time(14s)).empty()) << "which sending was answered is not known";
  outbox.OnAck(Time(14s), {kLife, {3}, {}});
  EXPECT_EQ(outbox.round_trip(), 5s);
}

TEST_F(OutboxTest, AfterASilenceWhatWaitsIsSentAgainSoon) {
  Offer(1);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  for (const Duration at : {2s, 5s, 11s, 23s}) EXPECT_EQ(outbox.Overdue(Time(at)).size(), 1U);
  EXPECT_TRUE(outbox.Overdue(Time(40s)).empty());
  outbox.OnReturn();
  EXPECT_EQ(outbox.Overdue(Time(40s)).size(), 1U);
}

// Rows 1 and 3 are of a partition whose quorum is gone there.
class PartlyStoredTest : public OutboxTest {
 protected:
  PartlyStoredTest() {
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) Offer(sequence, sequence % 2);
    EXPECT_EQ(outbox.Next(Time(0ms))->rows.size(), 3U);
  }
  void Offer(std::uint64_t sequence, bool gone) {
    outbox.Offer(
        {gone ? kGone : kPartition, Written(Key(std::to_string(sequence)), {kA, sequence})});
  }
  static constexpr crdt::PartitionKey kGone{kEverywhere, {1}};
};

TEST_F(PartlyStoredTest, WhatIsLeftIsMissingAgainAndTheRestIsHeld) {
  outbox.OnAck(Time(3s), {kLife, {}, {{1, {0, 2}}}});
  EXPECT_TRUE(outbox.idle());
  EXPECT_EQ(outbox.waiting_bytes(), 0U);
  EXPECT_TRUE(outbox.Holds(kPartition, {kA, 2}));
  crdt::SeenVector left = Seen(kA, 1, 1);
  left.Merge(Seen(kA, 3, 3));
  EXPECT_EQ(outbox.Missing(kGone, left), left);
}

TEST_F(PartlyStoredTest, ThePartitionRestsAndTheOthersGoOn) {
  Offer(4, true);
  Offer(5, false);
  outbox.OnAck(Time(3s), {kLife, {}, {{1, {0, 2}}}});
  Offer(6, true);
  EXPECT_TRUE(outbox.Rests(kGone));
  const auto next = outbox.Next(Time(3s));
  ASSERT_TRUE(next);
  ASSERT_EQ(next->rows.size(), 1U) << "also without what was pending of it";
  EXPECT_EQ(next->rows[0].key.key, "5");
  EXPECT_EQ(outbox.Missing(kGone, Seen(kA, 4, 6)), Seen(kA, 4, 6));

  EXPECT_FALSE(outbox.Next(Time(8s)));
  EXPECT_FALSE(outbox.Rests(kGone));
  Offer(4, true);
  EXPECT_TRUE(outbox.Next(Time(8s)));
}

TEST_F(PartlyStoredTest, PlacesInNoOrderSayNothing) {
  outbox.OnAck(Time(3s), {kLife, {}, {{1, {2, 0}}}});
  EXPECT_FALSE(outbox.idle());
}

TEST_F(PartlyStoredTest, PlacesThatAreNoneAreIgnored) {
  outbox.OnAck(Time(3s), {kLife, {}, {{9, {0}}, {1, {77}}}});
  EXPECT_TRUE(outbox.Holds(kGone, {kA, 3}));
}

TEST_F(OutboxTest, IsPatientWithASlowLink) {
  Offer(1);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  outbox.OnAck(Time(1s), {kLife, {1}, {}});
  Offer(2);
  ASSERT_TRUE(outbox.Next(Time(2s)));
  EXPECT_TRUE(outbox.Overdue(Time(5s)).empty());
  EXPECT_EQ(outbox.Overdue(Time(6s)).size(), 1U);
}

TEST_F(OutboxTest, AcksOfAnotherLifeAndOfStrangersAreIgnored) {
  Offer(1);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  outbox.OnAck(Time(1ms), {kLife + 1, {1}, {}});
  outbox.OnAck(Time(1ms), {kLife, {2}, {}});
  EXPECT_FALSE(outbox.Holds(kPartition, {kA, 1}));
  EXPECT_FALSE(outbox.idle());
}

TEST_F(OutboxTest, WhatTheRegionDeniesIsNoLongerBelieved) {
  outbox.Believe(kPartition, Seen(kA, 1, 10), {});
  EXPECT_TRUE(Missing(1, 10).empty());
  outbox.Believe(kPartition, Seen(kA, 1, 4), Seen(kA, 5, 6));
  EXPECT_EQ(Missing(1, 10), Seen(kA, 5, 6));
}

TEST_F(OutboxTest, TheOldestStampIsThatOfWhatWaitsLongest) {
  EXPECT_FALSE(outbox.OldestStamp(kUs));
  Offer(7);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  Offer(9);
  EXPECT_EQ(outbox.OldestStamp(kUs), crdt::Stamp::Of(At(7s).wall));
  EXPECT_FALSE(outbox.OldestStamp(kEu)) << "none of its own";
  outbox.OnAck(Time(1ms), {kLife, {1}, {}});
  EXPECT_EQ(outbox.OldestStamp(kUs), crdt::Stamp::Of(At(9s).wall));
}

TEST_F(OutboxTest, ASiblingThatIsHeldForLongIsNotWaiting) {
  outbox.Believe(kPartition, Seen(kA, 1, 1), {});
  crdt::RowUpdate update = Written(Key("key"), {kA, 1}, "old", 1s);
  update.row.versions.push_back({{kA, 2}, crdt::Stamp::Of(At(60s).wall), "new"});
  outbox.Offer({kPartition, update});
  EXPECT_EQ(outbox.OldestStamp(kUs), crdt::Stamp::Of(At(60s).wall));
}

}  // namespace
}  // namespace meridian::wan
