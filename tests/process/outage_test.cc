// One region of five nodes, N = 3, of which some are killed: it stays writable, and what was
// written meanwhile is where it belongs once they are back.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <nlohmann/json.hpp>

#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

constexpr std::size_t kRowsLoaded = 2'000;

class OutageTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(cluster_.Up()); }

  void Kill(int node) {
    ASSERT_EQ(cluster_.Meridian({"dev", "kill", "us-east-" + std::to_string(node)}).code, 0);
  }
  Cluster::Ended Load(const std::string& records) {
    return cluster_.Meridian({"load", records, "--format", "lines", "-n", "packages"});
  }
  std::uint64_t HintsHeld() {
    std::uint64_t hints = 0;
    for (int node = 1; node <= 5; ++node) {
      hints += cluster_.StatusNumber("us-east-" + std::to_string(node), "hints/rows");
    }
    return hints;
  }
  // Whether each of these keys is current on all its primaries.
  bool AreCurrent(const std::string& prefix, std::size_t every, const std::string& space) {
    for (std::size_t i = 0; i < kRowsLoaded; i += every) {
      char number[32];
      std::snprintf(number, sizeof number, prefix == "bench" ? "/%08zu" : "/%zu", i);
      if (cluster_.Meridian({"ring", prefix + number, "-n", space}).code != 0) return false;
    }
    return true;
  }
  void ExpectHome(const std::string& records, const std::string& prefix) {
    const auto verify =
        cluster_.Meridian({"verify", records, "--format", "lines", "-n", "packages"});
    EXPECT_EQ(verify.code, 0) << verify.output;
    EXPECT_TRUE(AreCurrent(prefix, kRowsLoaded / 20, "packages"));
  }

  Cluster cluster_{{"us-east"}, 5};
};

TEST_F(OutageTest, PutsSucceedWithTwoThenThreeOfFiveNodesDownAndComeHome) {
  const std::string first = cluster_.WriteRecords(kRowsLoaded, "first");
  const std::string second = cluster_.WriteRecords(kRowsLoaded, "second");
  Kill(1);
  Kill(2);
  auto loaded = Load(first);
  EXPECT_EQ(loaded.code, 0) << loaded.output;
  Kill(3);
  loaded = Load(second);
  EXPECT_EQ(loaded.code, 0) << loaded.output;
  EXPECT_GT(HintsHeld(), kRowsLoaded / 10) << "of one partition in ten every primary is down";
  const auto status = cluster_.Meridian({"status"});
  EXPECT_NE(status.output.find(" for us-east-1"), std::string::npos) << status.output;

  ASSERT_TRUE(cluster_.Up());
  EXPECT_TRUE(Eventually([&] { return HintsHeld() == 0; }));
  ExpectHome(first, "first");
  ExpectHome(second, "second");
}

TEST_F(OutageTest, AStrictPutIsRefusedAtOnceAndSaysWhy) {
  Kill(1);
  Kill(2);
  Kill(3);
  // Once the others know that they are down.
  EXPECT_TRUE(Eventually([&] {
    const auto put = cluster_.Meridian({"put", "cart", "milk", "--level", "all", "--sloppy=false"});
    return put.code == 4 && put.output.find("let others stand in (sloppy)") != std::string::npos;
  })) << cluster_.Meridian({"put", "cart", "milk", "--level", "all", "--sloppy=false"}).output;
  const auto put = cluster_.Meridian({"put", "cart", "milk", "--level", "all"});
  EXPECT_EQ(put.code, 4) << "two nodes cannot hold three copies";
  EXPECT_EQ(cluster_.Meridian({"put", "cart", "milk"}).code, 0);
}

// Nodes that may keep 1 MiB of hints.
class FullHintsTest : public OutageTest {
 protected:
  void SetUp() override {
    setenv("MERIDIAN_HINTS_MB", "1", 1);
    OutageTest::SetUp();
    unsetenv("MERIDIAN_HINTS_MB");
  }
  io::HttpReply Put(int number) {
    const std::string value(100'000, 'v');
    return cluster_.Ask("us-east", 4,
                        {.method = "PUT",
                         .path = io::KeyPath("packages", "key" + std::to_string(number)),
                         .headers = {"Content-Type: application/octet-stream"},
                         .body = value});
  }
};

TEST_F(FullHintsTest, PastTheirBoundAPutThatNeedsAStandInIsRefusedAtOnce) {
  for (const int node : {1, 2, 3}) Kill(node);
  // Of six keys in ten one primary is up, of one in ten none.
  std::vector<int> refused;
  int accepted = 0;  // since the first was refused
  for (int number = 0; number < 150; ++number) {
    const auto begun = std::chrono::steady_clock::now();
    const io::HttpReply reply = Put(number);
    accepted += reply.status == 200 && !refused.empty() ? 1 : 0;
    if (reply.status != 503 || reply.body.find("keep as much for others") == Bytes::npos) continue;
    refused.push_back(number);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(1500))
        << "at once, not at the deadline of 2 s";
  }
  EXPECT_GT(refused.size(), 10U);
  EXPECT_GT(accepted, 10) << "those with two primaries up need nobody to stand in";
  for (const char* node : {"us-east-4", "us-east-5"}) {
    EXPECT_GT(cluster_.StatusNumber(node, "hints/bytes"), 800'000U) << node;
    EXPECT_LE(cluster_.StatusNumber(node, "hints/bytes"), 1U << 20) << node;
  }
  ASSERT_TRUE(cluster_.Up());
  EXPECT_TRUE(Eventually([&] { return HintsHeld() == 0; }));
  for (const int number : refused) EXPECT_EQ(Put(number).status, 200);
}

// The run of a minute, with its figures, is benchmarks/outage.
TEST_F(OutageTest, ANodeThatDiesUnderLoadFailsNoRequestAndIsEqualSoonAfterItsReturn) {
  auto load = std::async(std::launch::async, [this] {
    return cluster_.Bench({"-o", "mix", "--rate", "500", "--keys", std::to_string(kRowsLoaded),
                           "--no-fill", "--seconds", "15", "--json"});
  });
  const auto puts = [&] { return cluster_.StatusNumber("us-east-2", "puts"); };
  const std::uint64_t begun = puts();
  EXPECT_TRUE(Eventually([&] { return puts() > begun + 100; }));
  Kill(1);
  const std::uint64_t then = puts();
  EXPECT_TRUE(Eventually([&] { return puts() > then + 150; }));
  ASSERT_EQ(load.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  ASSERT_TRUE(cluster_.Up());
  const auto ended = load.get();
  EXPECT_EQ(ended.code, 0) << ended.output;
  // What the progress says stands before it.
  const std::size_t begin = std::min(ended.output.find('{'), ended.output.size());
  const auto report = nlohmann::json::parse(ended.output.substr(begin), nullptr, false);
  ASSERT_TRUE(report.is_object()) << ended.output;
  EXPECT_EQ(report["errors"], 0) << report["first_error"];
  EXPECT_LT(report["put"]["p99_us"], 500'000) << "a dead node is noticed, not waited for";
  EXPECT_LT(report["get"]["p99_us"], 500'000);
  EXPECT_TRUE(Eventually([&] { return AreCurrent("bench", kRowsLoaded / 40, "packages"); },
                         std::chrono::seconds(10)));
}

}  // namespace
}  // namespace meridian::process_tests
