// Rows altered behind RocksDB's back in a real node: found, healed, and shown to the operator.

#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "process/cluster.h"
#include "support/alter_rows.h"

namespace meridian::process_tests {
namespace {

class AuditTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.Up());
    records_ = cluster_.WriteRecords(3000);
    const auto loaded =
        cluster_.Meridian({"load", records_, "--format", "lines", "-n", "packages"});
    ASSERT_EQ(loaded.code, 0) << loaded.output;
  }
  void Alter(std::size_t count, Harm harm) {
    ASSERT_EQ(cluster_.Meridian({"dev", "kill", "us-east-2"}).code, 0);
    Result<std::size_t> altered = std::size_t{0};
    ASSERT_TRUE(Eventually([&] {  // once the killed process has let go of its directory
      altered = AlterRows(cluster_.directory() + "/home/data/us-east-2", count, harm);
      return altered.has_value();
    })) << altered.error().message;
    ASSERT_EQ(*altered, count);
    ASSERT_TRUE(cluster_.Up());
  }
  void ExpectFoundAndHealed(const std::string& cause) {
    const auto found = cluster_.Meridian({"audit", "--rebuild"});
    EXPECT_EQ(found.code, 1) << found.output;
    EXPECT_NE(found.output.find(cause), std::string::npos) << found.output;
    const auto again = cluster_.Meridian({"audit", "--rebuild"});
    EXPECT_EQ(again.code, 0) << again.output;
    const auto verify =
        cluster_.Meridian({"verify", records_, "--format", "lines", "-n", "packages"});
    EXPECT_EQ(verify.code, 0) << verify.output;
  }

  Cluster cluster_{{"us-east"}};
  std::string records_;
};

TEST_F(AuditTest, AHealthyRingHasNothingToFindAndSaysSo) {
  const auto audit = cluster_.Meridian({"audit", "--rebuild"});
  EXPECT_EQ(audit.code, 0) << audit.output;
  EXPECT_NE(audit.output.find("us-east-3"), std::string::npos) << audit.output;
  const auto quick = cluster_.Meridian({"audit", "--json"});
  const auto json = nlohmann::json::parse(quick.output, nullptr, false);
  ASSERT_TRUE(json.is_object()) << quick.output;
  const auto compared = [&](const char* when) {
    return json["us-east-1"][when]["partitions_compared"].get<std::uint64_t>();
  };
  EXPECT_GE(compared("after") - compared("before"), 2 * 64U) << "each partition with both peers";
  const auto status = cluster_.Meridian({"status"});
  EXPECT_NE(status.output.find("0 found"), std::string::npos) << status.output;
  EXPECT_EQ(cluster_.Meridian({"audit", "no-such-node"}).code, 2);
}

TEST_F(AuditTest, AlteredValuesAreFoundAndHealed) {
  Alter(20, Harm::kValue);
  ExpectFoundAndHealed("content");
}

TEST_F(AuditTest, RowsThatCannotBeReadAreFoundAndHealed) {
  Alter(20, Harm::kGarbage);
  ExpectFoundAndHealed("unreadable");
}

TEST_F(AuditTest, RowsThatVanishedAreFoundAndHealed) {
  Alter(20, Harm::kErase);
  ExpectFoundAndHealed("missing_row");
}

TEST_F(AuditTest, AnAuditThatANodeDoesNotAnswerIsNoSuccess) {
  ASSERT_EQ(cluster_.Meridian({"dev", "kill", "us-east-3"}).code, 0);
  EXPECT_EQ(cluster_.Meridian({"audit"}).code, 4);
  const auto alone = cluster_.Meridian({"audit", "us-east-1"});
  EXPECT_EQ(alone.code, 4) << alone.output;
  EXPECT_NE(alone.output.find("not all was compared"), std::string::npos) << alone.output;
}

TEST_F(AuditTest, AnAuditThatARestartCutShortIsNoSuccess) {
  // A silent peer is waited for three seconds, which leaves the time to end the node that audits.
  ASSERT_EQ(cluster_.Meridian({"dev", "pause", "us-east-3"}).code, 0);
  auto audit = std::async(std::launch::async, [this] {
    return cluster_.Meridian({"audit", "us-east-1"});
  });
  ASSERT_TRUE(Eventually([&] {
    const auto page = cluster_.Page("us-east", 1, "/status");
    const auto status = nlohmann::json::parse(page.body, nullptr, false);
    return status.is_object() && status["audit"]["running"] == true;
  }));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // if that was a round of its own
  ASSERT_EQ(cluster_.Meridian({"dev", "kill", "us-east-1"}).code, 0);
  ASSERT_EQ(cluster_.Meridian({"dev", "resume", "us-east-3"}).code, 0);
  ASSERT_TRUE(cluster_.Up());
  const auto ended = audit.get();
  EXPECT_EQ(ended.code, 4) << ended.output;
  EXPECT_NE(ended.output.find("us-east-1 restarted"), std::string::npos) << ended.output;
}

}  // namespace
}  // namespace meridian::process_tests
