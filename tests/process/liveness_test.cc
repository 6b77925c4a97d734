// Who is taken for dead, with real processes: a pause of 2 s is no death, one of 30 s is, and so is
// `kill -9`; who comes back is alive again.

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class LivenessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.Up());
    ASSERT_TRUE(Eventually([&] {
      return IncarnationOf(1, 2) > 0 && IncarnationOf(1, 3) > 0 && IncarnationOf(3, 2) > 0;
    }));
  }

  json ViewOf(std::size_t observer, std::size_t node) const {
    const json page =
        json::parse(cluster_.Page("us-east", observer, "/status").body, nullptr, false);
    const std::string name = "us-east-" + std::to_string(node);
    if (!page.is_object() || !page.contains("peers")) return json::object();
    return page["peers"].value(name, json::object());
  }
  std::string StateOf(std::size_t observer, std::size_t node) const {
    return ViewOf(observer, node).value("state", "");
  }
  std::uint64_t IncarnationOf(std::size_t observer, std::size_t node) const {
    return ViewOf(observer, node).value("incarnation", std::uint64_t{0});
  }
  bool Becomes(std::size_t observer, std::size_t node, const std::string& state) const {
    return Eventually([&] { return StateOf(observer, node) == state; }, 20s);
  }
  void Dev(const std::string& verb, const std::string& node) const {
    const auto ended = cluster_.Meridian({"dev", verb, node});
    EXPECT_EQ(ended.code, 0) << ended.output;
  }
  // How often a node found another one down.
  std::string Convictions(std::size_t observer) const {
    const std::string page = cluster_.Page("us-east", observer, "/metrics").body;
    const auto at = page.find("\nmeridian_node_convictions_total");
    return at == std::string::npos ? "" : page.substr(page.find(' ', at + 1) + 1, 1);
  }

  Cluster cluster_{{"us-east"}};
};

TEST_F(LivenessTest, TwoSecondsAreAPauseAndThirtyAreADeath) {
  Dev("pause", "us-east-2");
  std::this_thread::sleep_for(2s);
  Dev("resume", "us-east-2");
  const auto quiet_until = std::chrono::steady_clock::now() + 5s;
  while (std::chrono::steady_clock::now() < quiet_until) {
    for (const std::size_t observer : {1U, 3U}) ASSERT_NE(StateOf(observer, 2), "down");
    std::this_thread::sleep_for(100ms);
  }
  EXPECT_EQ(StateOf(1, 2), "alive");
  EXPECT_EQ(StateOf(3, 2), "alive");
  for (const std::size_t observer : {1U, 2U, 3U}) EXPECT_EQ(Convictions(observer), "0");

  const auto resume_at = std::chrono::steady_clock::now() + 30s;
  Dev("pause", "us-east-2");
  EXPECT_TRUE(Becomes(1, 2, "down"));
  EXPECT_TRUE(Becomes(3, 2, "down"));
  const auto status = cluster_.Meridian({"status"});
  EXPECT_EQ(status.code, 1) << "not all are ready";
  EXPECT_NE(status.output.find("us-east-2  down"), std::string::npos) << status.output;
  std::this_thread::sleep_until(resume_at);
  EXPECT_EQ(StateOf(1, 2), "down");
  Dev("resume", "us-east-2");
  EXPECT_TRUE(Becomes(1, 2, "alive"));
  EXPECT_TRUE(Becomes(3, 2, "alive"));
  for (const std::size_t peer : {1U, 3U}) EXPECT_NE(StateOf(2, peer), "down") << "its own pause";
}

TEST_F(LivenessTest, AKilledNodeIsSuspectThenDownAndBackUnderANewIncarnation) {
  const std::uint64_t before = IncarnationOf(1, 3);
  Dev("kill", "us-east-3");
  const auto killed_at = std::chrono::steady_clock::now();
  EXPECT_TRUE(Becomes(1, 3, "suspect"));
  EXPECT_TRUE(Becomes(1, 3, "down"));
  EXPECT_TRUE(Becomes(2, 3, "down"));
  const auto took = std::chrono::steady_clock::now() - killed_at;
  RecordProperty(
      "down_after_ms",
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  EXPECT_LT(took, 15s);
  ASSERT_TRUE(cluster_.Up());
  EXPECT_TRUE(Becomes(1, 3, "alive"));
  EXPECT_TRUE(Becomes(2, 3, "alive"));
  EXPECT_GT(IncarnationOf(1, 3), before);
}

TEST_F(LivenessTest, ANodeThatEndsInOrderHasLeft) {
  const auto stopped = cluster_.Meridian({"dev", "restart", "us-east-3"});
  ASSERT_EQ(stopped.code, 0) << stopped.output;
  EXPECT_TRUE(Becomes(1, 3, "alive"));
  EXPECT_EQ(Convictions(1), "0") << "it said goodbye";
}

}  // namespace
}  // namespace meridian::process_tests
