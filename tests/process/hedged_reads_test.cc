// One replica of a real region stands still for less time than it takes to be called dead: gets go
// on as if nothing were, by asking another one.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "io/clocks.h"
#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

using namespace std::chrono_literals;

// What each of `count` gets at the first node took, in order of length.
std::vector<Duration> TimeGets(const Cluster& cluster, std::size_t count) {
  std::vector<Duration> took;
  for (std::size_t i = 0; i < count; ++i) {
    const Instant asked = io::Now().monotonic;
    EXPECT_EQ(cluster.Get("us-east", "key" + std::to_string(i % 50)).status, 200);
    took.push_back(io::Now().monotonic - asked);
  }
  std::ranges::sort(took);
  return took;
}

TEST(HedgedReadsTest, AReplicaThatStandsStillDelaysHardlyAnyGet) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  for (std::size_t i = 0; i < 50; ++i) {
    ASSERT_EQ(cluster.Put("us-east", "key" + std::to_string(i), "value").status, 200);
  }
  TimeGets(cluster, 500);  // so that it knows how long answers take
  // Whichever of the two it asks first.
  for (const std::string still : {"us-east-2", "us-east-3"}) {
    ASSERT_EQ(cluster.Meridian({"dev", "pause", still}).code, 0);
    const std::vector<Duration> took = TimeGets(cluster, 500);
    ASSERT_EQ(cluster.Meridian({"dev", "resume", still}).code, 0);
    // A get that waits for the silent one waits a quarter of its two seconds.
    EXPECT_LT(took[took.size() * 99 / 100], 250ms) << still;
  }
  const std::uint64_t asks = cluster.StatusNumber("us-east-1", "reads/asks");
  const std::uint64_t hedges = cluster.StatusNumber("us-east-1", "reads/hedges");
  EXPECT_GT(hedges, 0U);
  EXPECT_LE(hedges * 20, asks);
}

}  // namespace
}  // namespace meridian::process_tests
