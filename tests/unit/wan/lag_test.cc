#include "wan/lag.h"

#include <gtest/gtest.h>

#include "support/three_regions.h"

namespace meridian::wan {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

constexpr std::uint32_t kOne = 1, kTwo = 2;  // gateways of the origin

Beat Behind(Duration oldest, std::uint64_t mutations = 1) {
  const auto since_1970 = At(oldest).wall.time_since_epoch();
  return {static_cast<std::uint64_t>(Milliseconds(since_1970)), mutations, 100, {}};
}

TEST(LagTest, NothingIsKnownBeforeTheFirstWord) {
  EXPECT_FALSE(Lag().Now(At(0s)).heard);
}

TEST(LagTest, IsZeroWhenTheOriginIsIdle) {
  Lag lag;
  lag.OnBeat(At(0s), kOne, Beat{});
  const LagNow now = lag.Now(At(3s));
  EXPECT_TRUE(now.heard);
  EXPECT_FALSE(now.unknown);
  EXPECT_EQ(now.age, Duration{});
  EXPECT_EQ(now.mutations, 0U);
}

TEST(LagTest, IsTheAgeOfTheOldestMutationThatIsNotHeld) {
  Lag lag;
  lag.OnBeat(At(10s), kOne, Behind(7s, 5));
  EXPECT_EQ(lag.Now(At(11s)).age, 4s);
  EXPECT_EQ(lag.Now(At(11s)).mutations, 5U);
  EXPECT_EQ(lag.Now(At(11s)).bytes, 100U);
}

TEST(LagTest, AfterThreeSecondsOfSilenceItIsAnUpperBoundAndUnknown) {
  Lag idle;
  idle.OnBeat(At(0s), kOne, Beat{});
  EXPECT_FALSE(idle.Now(At(3s)).unknown);
  EXPECT_TRUE(idle.Now(At(4s)).unknown);
  EXPECT_EQ(idle.Now(At(60s)).age, 60s) << "anything may have been written since the last word";

  Lag behind;
  behind.OnBeat(At(10s), kOne, Behind(7s));
  EXPECT_TRUE(behind.Now(At(20s)).unknown);
  EXPECT_EQ(behind.Now(At(20s)).age, 13s);
}

TEST(LagTest, AClockThatIsBehindGivesZero) {
  Lag lag;
  lag.OnBeat(At(0s), kOne, Behind(5s));
  EXPECT_EQ(lag.Now(At(1s)).age, Duration{});
}

TEST(LagTest, OfSeveralGatewaysTheWorstCountsForEachSpeaksForItsPartitions) {
  Lag lag;
  lag.OnBeat(At(10s), kOne, Behind(4s, 2));
  lag.OnBeat(At(10s), kTwo, Beat{});
  EXPECT_EQ(lag.Now(At(10s)).age, 6s);
  lag.OnBeat(At(10s), kTwo, Behind(3s, 3));
  EXPECT_EQ(lag.Now(At(10s)).age, 7s);
  EXPECT_EQ(lag.Now(At(10s)).mutations, 5U);
}

TEST(LagTest, AGatewayThatFellSilentIsForgottenWhileAnotherSpeaks) {
  Lag lag;
  lag.OnBeat(At(0s), kOne, Behind(0s));
  for (int second = 0; second <= 10; ++second) {
    lag.OnBeat(At(std::chrono::seconds(second)), kTwo, Beat{});
  }
  EXPECT_FALSE(lag.Now(At(10s)).unknown);
  EXPECT_EQ(lag.Now(At(10s)).age, Duration{}) << "its partitions are the other's now";
}

// Its links are cut, but the origin's nodes still hear it: the other keeps to its own share.
TEST(LagTest, IsUnknownWhileNobodySpeaksForAShare) {
  Beat first, second;
  first.shares = second.shares = 2;
  second.share = 1;
  Lag lag;
  lag.OnBeat(At(0s), kOne, first);
  lag.OnBeat(At(0s), kTwo, second);
  for (int at = 1; at <= 20; ++at) {
    lag.OnBeat(At(std::chrono::seconds(at)), kOne, first);
    EXPECT_EQ(lag.Now(At(std::chrono::seconds(at))).unknown, at > 3) << at;
  }
  EXPECT_EQ(lag.Now(At(20s)).age, 17s) << "its word was fresh until then";
  lag.OnBeat(At(20s), kTwo, second);
  EXPECT_FALSE(lag.Now(At(20s)).unknown);
  EXPECT_EQ(lag.Now(At(20s)).age, Duration{});
}

TEST(LagTest, IsUnknownWhenAShareWasNeverSpokenFor) {
  Beat first;
  first.shares = 2;
  Lag lag;
  lag.OnBeat(At(0s), kOne, first);
  EXPECT_FALSE(lag.Now(At(0s)).unknown) << "the other may be starting";
  for (int at = 1; at <= 4; ++at) lag.OnBeat(At(std::chrono::seconds(at)), kOne, first);
  EXPECT_TRUE(lag.Now(At(4s)).unknown);
}

TEST(LagTest, CountsHowLongMutationsTook) {
  Lag lag;
  lag.OnHeld(At(2s), crdt::Stamp::Of(At(1500ms).wall));
  lag.OnHeld(At(2s), crdt::Stamp::Of(At(9s).wall));  // a clock that is ahead
  EXPECT_EQ(lag.held_ms().count(), 2U);
  EXPECT_EQ(lag.held_ms().max(), 500U);
}

}  // namespace
}  // namespace meridian::wan
