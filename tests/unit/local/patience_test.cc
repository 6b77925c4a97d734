#include "local/patience.h"

#include <gtest/gtest.h>

namespace meridian::local {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ProcessId kPeer{{1}, Role::kNode, 2};

class RequestAgesTest : public testing::Test {
 protected:
  // The sender's clock is 5,000 s ahead of this one's.
  static Instant Here(std::int64_t ms) { return Instant(milliseconds(ms)); }
  static Instant There(std::int64_t ms) { return Here(ms + 5'000'000); }
  // Sent at `sent` with 100 ms left, met at `met`.
  std::optional<Duration> Left(std::int64_t sent, std::int64_t met, std::uint64_t life = 1) {
    return ages_.Left(Here(met), kPeer, life,
                      Patience::Until(There(sent), There(sent) + milliseconds(100)));
  }

  RequestAges ages_;
};

TEST_F(RequestAgesTest, WhatIsLeftIsWhatTheSenderSaidLessTheTimeInQueues) {
  EXPECT_EQ(Left(0, 3), milliseconds(100)) << "the quickest yet";
  EXPECT_EQ(Left(10, 11), milliseconds(100)) << "quicker still";
  EXPECT_EQ(Left(20, 61), milliseconds(60));
  EXPECT_EQ(Left(30, 130), milliseconds(1));
  EXPECT_EQ(ages_.expired(), 0U);
  EXPECT_EQ(Left(40, 141), std::nullopt);
  EXPECT_EQ(ages_.expired(), 1U);
}

TEST_F(RequestAgesTest, WhatArrivesAfterAStandstillIsTooLateButTheLast) {
  Left(0, 1);
  for (const int sent : {100, 200, 2890}) EXPECT_EQ(Left(sent, 3000), std::nullopt) << sent;
  EXPECT_EQ(Left(2950, 3000), milliseconds(51));
}

TEST_F(RequestAgesTest, NobodyWaitingIsNeverTooLate) {
  Left(0, 1);
  EXPECT_EQ(ages_.Left(Here(50'000), kPeer, 1, {}), RequestAges::kForever);
}

TEST_F(RequestAgesTest, AnotherLifeOfTheSenderHasAnotherClock) {
  Left(0, 1);
  EXPECT_EQ(Left(0, 5'000), std::nullopt);
  EXPECT_EQ(Left(0, 5'001, 2), milliseconds(100));
  EXPECT_EQ(Left(0, 5'101, 2), std::nullopt);
}

TEST_F(RequestAgesTest, ASlowerRoadIsTheNormAfterTwentySeconds) {
  Left(0, 1);
  EXPECT_EQ(Left(9'000, 9'081), milliseconds(20));
  EXPECT_EQ(Left(11'000, 11'081), milliseconds(20)) << "the quickest of the window before counts";
  EXPECT_EQ(Left(21'100, 21'181), milliseconds(100));
}

TEST_F(RequestAgesTest, AfterASilenceOrAJumpOfAClockARequestCountsAsFresh) {
  Left(0, 1);
  EXPECT_EQ(Left(22'000, 25'000), milliseconds(100)) << "silent for longer than is remembered";
  EXPECT_EQ(Left(26'000, 26'001), milliseconds(100));
  EXPECT_EQ(Left(-70'000, 27'000), milliseconds(100)) << "no request waits for over a minute";
}

// A machine that slept five seconds has a clock that is behind by them ever after.
TEST_F(RequestAgesTest, ASenderWhoseClockStoodStillIsBelievedWithinASecond) {
  Left(0, 1);
  EXPECT_EQ(Left(1'000, 6'000), std::nullopt);
  EXPECT_EQ(Left(1'500, 6'500), std::nullopt);
  EXPECT_EQ(Left(1'990, 6'990), std::nullopt) << "it might be a queue that is being emptied";
  EXPECT_EQ(Left(2'000, 7'000), milliseconds(100));
  EXPECT_EQ(Left(2'010, 7'011), milliseconds(99));
}

TEST_F(RequestAgesTest, OneThatIsInTimeShowsThatTheOthersAreLate) {
  Left(0, 1);
  EXPECT_EQ(Left(100, 1'000), std::nullopt);
  EXPECT_EQ(Left(1'400, 1'450), milliseconds(51));
  EXPECT_EQ(Left(1'000, 2'050), std::nullopt);
  EXPECT_EQ(Left(1'100, 2'100), std::nullopt);
}

TEST_F(RequestAgesTest, NoFiguresOfASenderAreTooLarge) {
  for (const std::uint64_t sent :
       {std::uint64_t{0}, UINT64_MAX, UINT64_MAX / 2, UINT64_MAX / 2 + 1}) {
    for (const std::uint32_t left : {1U, UINT32_MAX}) {
      const auto answer = ages_.Left(Here(1'000), kPeer, 1, {sent, left});
      EXPECT_TRUE(!answer || *answer >= milliseconds(1));
    }
  }
}

TEST(PatienceTest, SaysAtLeastAMillisecondAndAtMostAMinute) {
  const Instant now(seconds(5));
  EXPECT_EQ(Patience::Until(now, now - seconds(1)).left_ms, 1U);
  EXPECT_EQ(Patience::Until(now, now + seconds(90)).left_ms, 60'000U);
  EXPECT_EQ(Patience::Until(now, now + seconds(2)).sent_ms, 5'000U);
}

}  // namespace
}  // namespace meridian::local
