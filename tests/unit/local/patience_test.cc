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

TEST(PatienceTest, SaysAtLeastAMillisecondAndAtMostAMinute) {
  const Instant now(seconds(5));
  EXPECT_EQ(Patience::Until(now, now - seconds(1)).left_ms, 1U);
  EXPECT_EQ(Patience::Until(now, now + seconds(90)).left_ms, 60'000U);
  EXPECT_EQ(Patience::Until(now, now + seconds(2)).sent_ms, 5'000U);
}

}  // namespace
}  // namespace meridian::local
