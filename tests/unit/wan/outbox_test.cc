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

  outbox.OnAck(Time(1s), {kLife, {1, 2}});
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
  outbox.Offer({kPartition, Written(Key("large"), {kA, 2}, Bytes(6'900'000, 'v'))});
  EXPECT_TRUE(outbox.Next(Time(0ms)));
}

TEST_F(OutboxTest, WhatIsOnItsWayOrHeldIsNotOfferedTwice) {
  Offer(1);
  Offer(1);
  EXPECT_EQ(outbox.Next(Time(0ms))->rows.size(), 1U);
  Offer(1);
  outbox.OnAck(Time(1ms), {kLife, {1}});
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

  outbox.OnAck(Time(100ms), {kLife, {1}});
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

  outbox.OnAck(Time(2s), {kLife, {1}});
  EXPECT_EQ(outbox.round_trip(), Duration{}) << "which sending it answers is not known";
}

TEST_F(OutboxTest, IsPatientWithASlowLink) {
  Offer(1);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  outbox.OnAck(Time(1s), {kLife, {1}});
  Offer(2);
  ASSERT_TRUE(outbox.Next(Time(2s)));
  EXPECT_TRUE(outbox.Overdue(Time(5s)).empty());
  EXPECT_EQ(outbox.Overdue(Time(6s)).size(), 1U);
}

TEST_F(OutboxTest, AcksOfAnotherLifeAndOfStrangersAreIgnored) {
  Offer(1);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  outbox.OnAck(Time(1ms), {kLife + 1, {1}});
  outbox.OnAck(Time(1ms), {kLife, {2}});
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
  EXPECT_FALSE(outbox.OldestStamp());
  Offer(7);
  ASSERT_TRUE(outbox.Next(Time(0ms)));
  Offer(9);
  EXPECT_EQ(outbox.OldestStamp(), crdt::Stamp::Of(At(7s).wall));
  outbox.OnAck(Time(1ms), {kLife, {1}});
  EXPECT_EQ(outbox.OldestStamp(), crdt::Stamp::Of(At(9s).wall));
}

}  // namespace
}  // namespace meridian::wan
