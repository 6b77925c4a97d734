// Reads and overload when a node is slow, stands still or cannot be had: what a slow replica costs,
// what is dropped because nobody waits for it, and who is told what.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Level;
using node::Status;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

nlohmann::json ReadsOf(Scenario& s, ProcessId node) {
  return nlohmann::json::parse(s.Status(node))["reads"];
}

struct Latencies {
  Duration p50{};
  Duration p99{};
  std::uint64_t asks = 0;
  std::uint64_t hedges = 0;
};

// `count` gets at node 1, one after the other; the others are slow by turns, as `slow` says.
Latencies MeasureGets(Scenario& s, int count, const std::function<void(int)>& slow) {
  const ProcessId at = Scenario::Node(1, 1);
  std::vector<Duration> took;
  for (int i = 0; i < count; ++i) {
    slow(i);
    const Instant asked = s.now();
    EXPECT_EQ(s.Get(at, "key").status, Status::kOk);
    took.push_back(s.now() - asked);
  }
  std::ranges::sort(took);
  const nlohmann::json reads = ReadsOf(s, at);
  return {took[took.size() / 2], took[took.size() * 99 / 100], reads["asks"], reads["hedges"]};
}

void Show(const char* what, const Latencies& latencies) {
  std::printf("%-34s p50 %6.1f ms, p99 %6.1f ms, %llu asks, %llu hedges (%.1f %%)\n", what,
              static_cast<double>(latencies.p50.count()) / 1000,
              static_cast<double>(latencies.p99.count()) / 1000,
              static_cast<unsigned long long>(latencies.asks),
              static_cast<unsigned long long>(latencies.hedges),
              100.0 * static_cast<double>(latencies.hedges) / static_cast<double>(latencies.asks));
}

TEST(HedgedReadTest, AReplicaThatIsSlowNowAndThenDoesNotMakeTheTailOfReads) {
  const auto measure = [](unsigned percent) {
    Scenario s(Scenario::SmallShape(), percent);
    EXPECT_EQ(s.Put(Scenario::Node(1, 1), "key", "v", {.level = Level::kAll}).status, Status::kOk);
    // For 40 reads of every 400, first the one then the other replica takes up to 80 ms.
    return MeasureGets(s, 2000, [&](int i) {
      const ProcessId node = Scenario::Node(1, 2 + static_cast<std::uint32_t>(i / 400 % 2));
      if (i % 400 == 100) s.Slow(node, milliseconds(80));
      if (i % 400 == 140) s.Slow(node, {});
    });
  };
  const Latencies without = measure(0);
  const Latencies with = measure(5);
  Show("slow by turns, without hedges:", without);
  Show("slow by turns, with hedges:", with);
  EXPECT_GT(without.p99, milliseconds(40));
  EXPECT_LT(with.p99, milliseconds(20));
  EXPECT_GT(with.hedges, 0U);
  EXPECT_LE(with.hedges * 20, with.asks);
  EXPECT_EQ(without.hedges, 0U);
}

TEST(HedgedReadTest, AReplicaThatStandsStillIsAskedLastUntilItGoesOn) {
  for (const std::uint32_t number : {2U, 3U}) {
    Scenario s;
    ASSERT_EQ(s.Put(Scenario::Node(1, 1), "key", "v", {.level = Level::kAll}).status, Status::kOk);
    MeasureGets(s, 200, [](int) {});
    const ProcessId still = Scenario::Node(1, number);
    s.Pause(still);
    const Latencies paused = MeasureGets(s, 1000, [](int) {});
    Show("one stands still:", paused);
    EXPECT_LT(paused.p99, milliseconds(12));
    EXPECT_LE(paused.hedges * 20, paused.asks);
    s.Resume(still);
    EXPECT_EQ(s.RunUntilQuiet(), "");
  }
}

TEST(DigestTest, ReadsThatAgreeMoveNoRowsAndAStaleReplicaIsRepairedBehindTheAnswer) {
  Scenario s;
  const ProcessId one = Scenario::Node(1, 1);
  const ProcessId two = Scenario::Node(1, 2);
  const ProcessId three = Scenario::Node(1, 3);
  ASSERT_EQ(s.Put(one, "key", "old", {.level = Level::kAll}).status, Status::kOk);
  ASSERT_EQ(s.Get(one, "key", {.level = Level::kAll}).status, Status::kOk);
  EXPECT_EQ(ReadsOf(s, one)["digests_differed"], 0);
  // Two misses a write; nothing but a read tells it at once.
  s.Cut(one, two);
  const auto read = s.Get(three, "key");
  ASSERT_EQ(s.Put(one, "key", "new", {.context = read.context}).status, Status::kOk);
  s.Heal();
  EXPECT_THAT(s.Get(three, "key", {.level = Level::kAll}).values, ElementsAre("new"));
  s.RunFor(milliseconds(2));
  s.Cut(one, two);
  s.Cut(three, two);
  EXPECT_THAT(s.Get(two, "key", {.level = Level::kOne}).values, ElementsAre("new"));
  EXPECT_EQ(ReadsOf(s, three)["digests_differed"], 1);
  EXPECT_EQ(ReadsOf(s, three)["repaired"], 1);
  s.Heal();
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Violated(), "");
}

TEST(DeadlineTest, ANodeThatStoodStillDropsWhatNobodyWaitsForAndLosesNothing) {
  Scenario s;
  const ProcessId one = Scenario::Node(1, 1);
  const ProcessId two = Scenario::Node(1, 2);
  const Asking brief{.timeout_ms = 300};
  for (int i = 0; i < 20; ++i) s.Put(one, "key" + std::to_string(i), "v", brief);
  s.RunFor(seconds(1));
  s.Pause(two);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(s.Put(one, "late" + std::to_string(i), "v", brief).status, Status::kOk);
  }
  s.RunFor(seconds(1));
  s.Resume(two);
  s.RunFor(milliseconds(50));
  EXPECT_GE(ReadsOf(s, two)["expired_requests_dropped"], 15);
  EXPECT_EQ(s.RunUntilQuiet(), "") << "catch-up brings the rows";
  EXPECT_THAT(s.Get(two, "late3", {.level = Level::kOne}).values, ElementsAre("v"));
  EXPECT_EQ(s.Violated(), "");
}

TEST(DeadlineTest, APrimaryThatWasAskedByAnotherNodeStillHasTimeToSayWhy) {
  TopologyShape shape = Scenario::SmallShape();
  shape.nodes = 4;
  Scenario s(shape);
  const ProcessId forwarder = s.NonPrimariesOf(1, "cart").front();
  ASSERT_EQ(s.Put(forwarder, "cart", "milk").status, Status::kOk);
  s.CutRegions(1, 3);
  for (const std::uint32_t timeout_ms : {300U, 1000U, 2000U, 5000U}) {
    const auto read =
        s.Get(forwarder, "cart", {.level = Level::kEachQuorum, .timeout_ms = timeout_ms});
    EXPECT_EQ(read.status, Status::kTimeout);
    EXPECT_THAT(read.message, HasSubstr("no quorum of")) << timeout_ms;
    EXPECT_THAT(read.message, HasSubstr("r3")) << timeout_ms;
  }
}

TEST(MaybeTest, AWriteWhoseFateIsNotKnownSaysSoAndOneThatWasNotDoneDoesNot) {
  Scenario s;
  const ProcessId one = Scenario::Node(1, 1);
  const auto large = s.Put(one, "key", Bytes(5 << 20, 'x'));
  EXPECT_EQ(large.status, Status::kTooLarge);
  EXPECT_FALSE(large.maybe);
  for (const std::uint32_t other : {2U, 3U}) s.Hold(one, Scenario::Node(1, other));
  const auto put = s.Put(one, "key", "v", {.timeout_ms = 500});
  EXPECT_EQ(put.status, Status::kTimeout) << put.message;
  EXPECT_TRUE(put.maybe);
  const auto read = s.Get(one, "key", {.timeout_ms = 500});
  EXPECT_EQ(read.status, Status::kTimeout);
  EXPECT_FALSE(read.maybe) << "a read does nothing";
  for (const std::uint32_t other : {2U, 3U}) s.Release(one, Scenario::Node(1, other));
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(Scenario::Node(1, 2), "key").values, ElementsAre("v")) << "it has surfaced";
}

TEST(OverloadTest, BeyondItsBoundANodeRefusesAtOnceAndServesAgainWhenTheFloodIsOver) {
  Scenario s;
  const ProcessId one = Scenario::Node(1, 1);
  for (const std::uint32_t other : {2U, 3U}) s.Hold(Scenario::Node(1, other), one);
  std::vector<Scenario::Later> flood;
  for (int i = 0; i < 9000; ++i) {
    flood.push_back(s.BeginGet(one, "key" + std::to_string(i), {.timeout_ms = 400}));
  }
  s.RunFor(milliseconds(20));
  std::size_t refused = 0;
  for (const Scenario::Later& later : flood) {
    if (!*later) continue;
    EXPECT_EQ((*later)->status, Status::kOverloaded);
    EXPECT_FALSE((*later)->maybe);
    ++refused;
  }
  EXPECT_EQ(refused, 9000U - 8192U);
  s.RunFor(seconds(1));
  for (const Scenario::Later& later : flood) EXPECT_TRUE(*later);
  for (const std::uint32_t other : {2U, 3U}) s.Release(Scenario::Node(1, other), one);
  EXPECT_EQ(s.Put(one, "key", "v").status, Status::kOk);
  EXPECT_THAT(s.Get(one, "key").values, ElementsAre("v"));
}

}  // namespace
}  // namespace meridian::sim
