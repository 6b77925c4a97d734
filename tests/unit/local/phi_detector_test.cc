#include "local/phi_detector.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

constexpr Duration kBeat = std::chrono::seconds(1);

Instant InstantAt(std::int64_t milliseconds) {
  return At(milliseconds).monotonic;
}

// Heartbeats `interval` apart for a minute.
PhiDetector Beating(std::int64_t interval, std::int64_t jitter = 0) {
  PhiDetector phi(InstantAt(0), kBeat);
  for (std::int64_t at = interval, i = 0; at <= 60'000; at += interval, ++i) {
    phi.Beat(InstantAt(at + (i % 2 == 0 ? jitter : -jitter)));
  }
  return phi;
}

TEST(PhiDetectorTest, IsNothingWhileHeartbeatsComeInTime) {
  EXPECT_EQ(Beating(1000).Phi(InstantAt(60'000)), 0);
  EXPECT_EQ(Beating(1000).Phi(InstantAt(60'900)), 0);
}

TEST(PhiDetectorTest, GrowsWithTheSilenceFromDoubtToCertainty) {
  const PhiDetector phi = Beating(1000);
  EXPECT_LT(phi.Phi(InstantAt(62'500)), 5) << "two and a half beats";
  EXPECT_GT(phi.Phi(InstantAt(63'200)), 5);
  EXPECT_GT(phi.Phi(InstantAt(64'000)), 8);
  double last = 0;
  for (std::int64_t at = 61'000; at < 90'000; at += 100) {
    EXPECT_GE(phi.Phi(InstantAt(at)), last);
    last = phi.Phi(InstantAt(at));
  }
}

TEST(PhiDetectorTest, IsSlowerToDoubtWhereHeartbeatsAreIrregular) {
  const Instant then = InstantAt(60'000 + 3'500);
  EXPECT_LT(Beating(1500, 700).Phi(then), Beating(1000).Phi(then) / 2);
}

TEST(PhiDetectorTest, AnOutageIsNoSample) {
  PhiDetector phi = Beating(1000);
  phi.Beat(InstantAt(90'000));
  PhiDetector other = Beating(1000);
  EXPECT_EQ(phi.Phi(InstantAt(93'000)), other.Phi(InstantAt(63'000)));
}

TEST(PhiDetectorTest, AnySignOfLifeEndsTheSilence) {
  PhiDetector phi = Beating(1000);
  phi.Heard(InstantAt(64'000));
  EXPECT_EQ(phi.Phi(InstantAt(64'500)), 0);
  EXPECT_EQ(phi.Silence(InstantAt(64'500)), std::chrono::milliseconds(500));
  phi.Heard(InstantAt(62'000));
  EXPECT_EQ(phi.Silence(InstantAt(64'500)), std::chrono::milliseconds(500)) << "an older sign";
}

TEST(PhiDetectorTest, TimeInWhichWeDidNotListenIsExcused) {
  PhiDetector phi = Beating(1000);
  phi.Excuse(std::chrono::seconds(30), InstantAt(90'500));
  EXPECT_EQ(phi.Silence(InstantAt(90'500)), std::chrono::milliseconds(500));
  phi.Excuse(std::chrono::seconds(30), InstantAt(91'000));
  EXPECT_EQ(phi.Silence(InstantAt(91'000)), Duration{}) << "never into the future";
}

}  // namespace
}  // namespace meridian::local
