#include "base/timer_queue.h"

#include <gtest/gtest.h>

namespace meridian {
namespace {

Instant At(std::int64_t microseconds) {
  return Instant(Duration(microseconds));
}

TEST(TimerQueueTest, AnEmptyQueueIsNeverDue) {
  TimerQueue timers;
  EXPECT_EQ(timers.Next(), kNever);
  EXPECT_TRUE(timers.DueBy(At(1'000'000)).empty());
}

TEST(TimerQueueTest, NothingFiresEarly) {
  TimerQueue timers;
  timers.Arm(At(20'001), 1);
  EXPECT_EQ(timers.Next(), At(40'000));  // rounded up
  EXPECT_TRUE(timers.DueBy(At(39'999)).empty());
  EXPECT_EQ(timers.DueBy(At(40'000)), std::vector<std::uint64_t>{1});
}

TEST(TimerQueueTest, ATimeOnTheGridIsKept) {
  TimerQueue timers;
  timers.Arm(At(20'000), 1);
  EXPECT_EQ(timers.Next(), At(20'000));
}

TEST(TimerQueueTest, EachFiresOnceInTheOrderOfTheirTimes) {
  TimerQueue timers;
  timers.Arm(At(60'000), 1);
  timers.Arm(At(20'000), 3);
  timers.Arm(At(40'000), 2);
  timers.Arm(At(90'000), 4);
  EXPECT_EQ(timers.DueBy(At(60'000)), (std::vector<std::uint64_t>{3, 2, 1}));
  EXPECT_EQ(timers.DueBy(At(60'000)), std::vector<std::uint64_t>{});
  EXPECT_EQ(timers.Next(), At(100'000));
}

TEST(TimerQueueTest, TimesThatAreCloseCostOneWakeUp) {
  TimerQueue timers;
  for (std::uint64_t id = 1; id <= 1000; ++id) timers.Arm(At(20'000 + static_cast<int>(id)), id);
  EXPECT_EQ(timers.DueBy(timers.Next()).size(), 1000U);
  EXPECT_EQ(timers.Next(), kNever);
}

}  // namespace
}  // namespace meridian
