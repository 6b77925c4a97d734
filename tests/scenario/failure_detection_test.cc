// Who is taken for dead, and who is not (docs/failure-detection.md).

#include <gtest/gtest.h>

#include "sim/detection_world.h"
#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using namespace std::chrono_literals;
using local::PeerState;

// Verdicts of the time before are not the test's.
void Settle(DetectionWorld& world) {
  world.RunFor(20s);
  EXPECT_EQ(world.TakeVerdicts(PeerState::kDown), 0U);
  world.TakeVerdicts(PeerState::kSuspect);
}

class FailureDetectionTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FailureDetectionTest, ADeadNodeIsDownForAllInFiveToNineSeconds) {
  for (const std::uint32_t nodes : {3U, 5U, 15U}) {
    DetectionWorld world(nodes, GetParam());
    Settle(world);
    world.Kill(2);
    const auto down =
        world.RunUntil([&] { return world.CountWhoSay(2, PeerState::kDown) == nodes - 1; }, 60s);
    ASSERT_TRUE(down) << nodes << " nodes";
    EXPECT_GT(*down, 4s) << nodes << " nodes";
    EXPECT_LT(*down, 9s) << nodes << " nodes";
    EXPECT_EQ(world.TakeVerdicts(PeerState::kDown), nodes - 1) << "nobody else";
  }
}

TEST_P(FailureDetectionTest, APauseOfTwoSecondsIsNoDeath) {
  DetectionWorld world(5, GetParam());
  Settle(world);
  for (int times = 0; times < 20; ++times) {
    world.Pause(2);
    world.RunFor(2s);
    world.Resume(2);
    world.RunFor(5s + std::chrono::milliseconds(GetParam() * 37 % 1000));
    EXPECT_EQ(world.CountWhoSay(2, PeerState::kAlive), 4U);
  }
  EXPECT_EQ(world.TakeVerdicts(PeerState::kDown), 0U);
}

TEST_P(FailureDetectionTest, APauseOfThirtySecondsIsAndItsEndIsAReturn) {
  DetectionWorld world(5, GetParam());
  Settle(world);
  world.Pause(2);
  world.RunFor(30s);
  EXPECT_EQ(world.CountWhoSay(2, PeerState::kDown), 4U);
  world.Resume(2);
  EXPECT_TRUE(world.RunUntil([&] { return world.CountWhoSay(2, PeerState::kAlive) == 4; }, 3s));
  world.RunFor(20s);
  EXPECT_EQ(world.TakeVerdicts(PeerState::kDown), 4U) << "the paused one accused nobody";
}

TEST_P(FailureDetectionTest, ACutOfOneDirectionBetweenTwoKillsNobody) {
  DetectionWorld world(4, GetParam());
  Settle(world);
  world.Cut(2, 1);
  world.RunFor(60s);
  EXPECT_EQ(world.TakeVerdicts(PeerState::kDown), 0U);
}

TEST_P(FailureDetectionTest, WhoHearsNobodyConvincesNobody) {
  DetectionWorld world(5, GetParam());
  Settle(world);
  for (const std::uint32_t other : {1U, 3U, 4U, 5U}) world.Cut(other, 2);
  world.RunFor(40s);
  for (const std::uint32_t other : {1U, 3U, 4U, 5U}) {
    EXPECT_EQ(world.StateAt(2, other), PeerState::kDown);
    EXPECT_LE(world.CountWhoSay(other, PeerState::kDown), 1U) << other;
  }
  world.HealAll();
  EXPECT_TRUE(world.RunUntil(
      [&] {
        for (std::uint32_t node = 1; node <= 5; ++node) {
          if (world.CountWhoSay(node, PeerState::kAlive) != 4) return false;
        }
        return true;
      },
      15s));
}

TEST_P(FailureDetectionTest, TwoHalvesMeetAgain) {
  DetectionWorld world(6, GetParam());
  Settle(world);
  for (const std::uint32_t a : {1U, 2U, 3U}) {
    for (const std::uint32_t b : {4U, 5U, 6U}) {
      world.Cut(a, b);
      world.Cut(b, a);
    }
  }
  world.RunFor(60s);
  EXPECT_EQ(world.CountWhoSay(1, PeerState::kDown), 3U);
  world.HealAll();
  world.RunFor(15s);
  for (std::uint32_t node = 1; node <= 6; ++node) {
    EXPECT_EQ(world.CountWhoSay(node, PeerState::kAlive), 5U) << node;
  }
}

TEST_P(FailureDetectionTest, LostMessagesKillNobody) {
  DetectionWorld world(10, GetParam(), 0.1);
  Settle(world);
  world.RunFor(120s);
  EXPECT_EQ(world.TakeVerdicts(PeerState::kDown), 0U);
}

TEST_P(FailureDetectionTest, AGoodbyeIsNoDeathAndARestartComesBack) {
  DetectionWorld world(5, GetParam());
  Settle(world);
  world.Leave(2);
  world.Kill(2);
  world.RunFor(100ms);
  EXPECT_EQ(world.CountWhoSay(2, PeerState::kLeft), 4U);
  world.RunFor(30s);
  EXPECT_EQ(world.CountWhoSay(2, PeerState::kLeft), 4U);
  world.Start(2);
  EXPECT_TRUE(world.RunUntil([&] { return world.CountWhoSay(2, PeerState::kAlive) == 4; }, 2s));
}

INSTANTIATE_TEST_SUITE_P(Seeds, FailureDetectionTest,
                         testing::Range(std::uint64_t{1}, std::uint64_t{6}));

// Push and pull with three peers a beat: infections multiply by more than four each beat.
TEST(FailureDetectionSpreadTest, NewsReachesAHundredNodesInAFewBeats) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    DetectionWorld world(100, seed);
    Settle(world);
    world.Kill(7);
    ASSERT_TRUE(world.RunUntil([&] { return world.CountWhoSay(7, PeerState::kDown) > 0; }, 20s));
    const auto down =
        world.RunUntil([&] { return world.CountWhoSay(7, PeerState::kDown) == 99; }, 20s);
    ASSERT_TRUE(down);
    EXPECT_LE(*down, 7s) << "log2 of 100 beats";
    world.Start(7);
    const auto back =
        world.RunUntil([&] { return world.CountWhoSay(7, PeerState::kAlive) == 99; }, 20s);
    ASSERT_TRUE(back);
    EXPECT_LE(*back, 7s);
    EXPECT_EQ(world.TakeVerdicts(PeerState::kDown), 99U) << "of the dead one alone";
  }
}

}  // namespace
}  // namespace meridian::sim
