#include "crdt/hybrid_clock.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace meridian::crdt {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

const WallTime kNoon = WallTime(hours(24 * 365 * 50 + 12));
constexpr Duration kDriftMax = minutes(1);

Stamp At(WallTime wall, std::uint64_t count) {
  return {Stamp::Of(wall).packed + count};
}

TEST(StampTest, HoldsMillisecondsAboveItsCount) {
  const Stamp stamp = At(kNoon + milliseconds(5), 3);
  EXPECT_EQ(stamp.wall(), kNoon + milliseconds(5));
  EXPECT_EQ(stamp.packed & 0xffff, 3U);
}

TEST(StampTest, ATimeBefore1970IsTheFirstStamp) {
  EXPECT_EQ(Stamp::Of(WallTime(milliseconds(-1))), Stamp{0});
}

TEST(StampTest, ATimePastTheLastMillisecondIsTheLastAndDoesNotWrap) {
  EXPECT_GT(Stamp::Of(WallTime::max()), Stamp::Of(kNoon));
  EXPECT_EQ(Stamp::Of(WallTime::max()).milliseconds(), (std::int64_t{1} << 48) - 1);
}

TEST(HybridClockTest, FollowsTheWallClock) {
  HybridClock clock(kDriftMax);
  EXPECT_EQ(clock.Next(kNoon, {}), At(kNoon, 0));
  EXPECT_EQ(clock.Next(kNoon + milliseconds(1), {}), At(kNoon + milliseconds(1), 0));
}

TEST(HybridClockTest, CountsWithinOneMillisecond) {
  HybridClock clock(kDriftMax);
  EXPECT_EQ(clock.Next(kNoon, {}), At(kNoon, 0));
  EXPECT_EQ(clock.Next(kNoon, {}), At(kNoon, 1));
  EXPECT_EQ(clock.Next(kNoon, {}), At(kNoon, 2));
}

TEST(HybridClockTest, DoesNotGoBackWhenTheWallClockDoes) {
  HybridClock clock(kDriftMax);
  EXPECT_EQ(clock.Next(kNoon, {}), At(kNoon, 0));
  EXPECT_EQ(clock.Next(kNoon - hours(1), {}), At(kNoon, 1));
}

TEST(HybridClockTest, AFloorWithinTheDriftPullsTheClockAlong) {
  HybridClock clock(kDriftMax);
  const Stamp floor = At(kNoon + kDriftMax, 3);
  EXPECT_EQ(clock.Next(kNoon, floor), At(kNoon + kDriftMax, 4));
  EXPECT_EQ(clock.Next(kNoon, {}), At(kNoon + kDriftMax, 5));
}

TEST(HybridClockTest, AFloorPastTheDriftIsExceededButDoesNotPullTheClock) {
  HybridClock clock(kDriftMax);
  const Stamp floor = At(kNoon + hours(7), 3);
  EXPECT_EQ(clock.Next(kNoon, floor), At(kNoon + hours(7), 4));
  EXPECT_EQ(clock.Next(kNoon, {}), At(kNoon, 0));
}

TEST(HybridClockTest, TheHighestFloorDoesNotWrapToTheLowestStamp) {
  HybridClock clock(kDriftMax);
  EXPECT_EQ(clock.Next(kNoon, Stamp{UINT64_MAX}), Stamp{UINT64_MAX});
  EXPECT_EQ(clock.Next(kNoon, {}), At(kNoon, 0));
}

TEST(HybridClockTest, EveryStampExceedsItsFloorAndAllThatCameBefore) {
  Random random(1);
  HybridClock clock(kDriftMax);
  Stamp last;
  for (int i = 0; i < 20000; ++i) {
    const WallTime now = kNoon + milliseconds(random.Below(1000));
    const Stamp floor = At(kNoon + milliseconds(random.Below(120'000)), random.Below(3));
    const Stamp stamp = clock.Next(now, floor);
    EXPECT_GT(stamp, floor);
    if (floor.wall() < now + kDriftMax) {
      EXPECT_GT(stamp, last);
      last = stamp;
    }
  }
}

}  // namespace
}  // namespace meridian::crdt
