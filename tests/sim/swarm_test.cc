// The swarm: seeds 1 to 1500 and every seed that ever failed (scripts/seeds.txt), each run twice.
//
// MERIDIAN_SIM_SEEDS says how many instead of 1500. In shards, so that several cores can share
// them.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sim/simulation.h"

namespace meridian::sim {
namespace {

constexpr std::uint64_t kSeedsByDefault = 1500;
constexpr std::uint64_t kShards = 6;

std::uint64_t SeedsWanted() {
  const char* const wanted = std::getenv("MERIDIAN_SIM_SEEDS");
  return wanted == nullptr ? kSeedsByDefault : std::strtoull(wanted, nullptr, 10);
}

// True when the run and its repetition were right; says what was wrong otherwise.
bool Holds(std::uint64_t seed) {
  // Before the run: a failed check within it ends the process, and this line tells the seed.
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  const RunReport report = RunSeed(seed, {});
  for (const std::string& violation : report.violations) {
    ADD_FAILURE() << violation << "\n  drawn: " << report.drawn << "\n  again: meridian-sim --seed "
                  << seed << " --trace";
  }
  const std::uint64_t second = RunSeed(seed, {}).trace_hash;
  EXPECT_EQ(second, report.trace_hash) << "seed " << seed << " left two traces";
  EXPECT_GT(report.figures.acknowledged, 0U) << "seed " << seed << " did nothing";
  return report.violations.empty() && second == report.trace_hash;
}

class SwarmTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SwarmTest, EverySeedKeepsThePromises) {
  std::uint64_t broken = 0;
  for (std::uint64_t seed = GetParam(); seed <= SeedsWanted(); seed += kShards) {
    if (!Holds(seed)) ++broken;
  }
  EXPECT_EQ(broken, 0U);
}

INSTANTIATE_TEST_SUITE_P(Shard, SwarmTest, testing::Range(std::uint64_t{1}, kShards + 1));

TEST(SeedsThatFailedTest, KeepThePromisesNow) {
  std::ifstream file(MERIDIAN_SOURCE_DIR "/scripts/seeds.txt");
  ASSERT_TRUE(file) << "scripts/seeds.txt is not there";
  std::size_t seeds = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream text(line.substr(0, line.find('#')));
    std::uint64_t seed = 0;
    if (!(text >> seed)) continue;
    ++seeds;
    EXPECT_TRUE(Holds(seed));
  }
  EXPECT_GT(seeds, 0U);
}

}  // namespace
}  // namespace meridian::sim
