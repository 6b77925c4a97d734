#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

// A ring that answers nothing. What a run reports of it must not look like a success.
class BenchTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.Up());
    for (const char* node : {"us-east-1", "us-east-2", "us-east-3"}) {
      ASSERT_EQ(cluster_.Meridian({"dev", "pause", node}).code, 0);
    }
  }

  Cluster cluster_{{"us-east"}};
};

TEST_F(BenchTest, CallsThatAreUnansweredAtTheEndAreWaitedForAndFail) {
  const auto ended =
      cluster_.Bench({"--rate", "20", "--warm-up", "0.5", "--seconds", "2", "--json"});
  EXPECT_EQ(ended.code, 4) << ended.output;
  const std::size_t begin = std::min(ended.output.find('{'), ended.output.size());
  const auto report = nlohmann::json::parse(ended.output.substr(begin), nullptr, false);
  ASSERT_TRUE(report.is_object()) << ended.output;
  EXPECT_GE(report["errors"], 39);
  EXPECT_LE(report["errors"], 41);
}

TEST_F(BenchTest, CallersThatNeverGetBeyondTheWarmUpAreNoSuccess) {
  const auto ended = cluster_.Bench({"--in-flight", "8", "--warm-up", "0.5", "--seconds", "2"});
  EXPECT_EQ(ended.code, 4) << ended.output;
  EXPECT_NE(ended.output.find("no call began in the measured time"), std::string::npos)
      << ended.output;
}

}  // namespace
}  // namespace meridian::process_tests
