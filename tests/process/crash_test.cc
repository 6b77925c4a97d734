// Processes that die, stop or are replaced while records are loaded: nothing may be missing after.

#include <gtest/gtest.h>

#include <future>

#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

constexpr std::size_t kRecords = 30'000;

class CrashTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.Up());
    records_ = cluster_.WriteRecords(kRecords);
  }

  // Starts a load and returns once a tenth of it is stored.
  std::future<Cluster::Ended> BeginLoad() {
    auto load = std::async(std::launch::async, [this] {
      return cluster_.Meridian(
          {"load", records_, "--format", "lines", "-n", "packages", "--window", "32"});
    });
    EXPECT_TRUE(Eventually(
        [&] { return cluster_.StatusNumber("us-east-1", "mutations_seen") > kRecords / 10; }));
    return load;
  }
  // For right after the deed: it must not have come too late to matter.
  static bool IsUnderWay(const std::future<Cluster::Ended>& load) {
    return load.wait_for(std::chrono::seconds(0)) == std::future_status::timeout;
  }
  void ExpectAllHold() {
    for (const char* region : {"us-east", "eu-west", "ap-south"}) {
      const auto verify = cluster_.Meridian({"verify", records_, "--format", "lines", "-n",
                                             "packages", "-r", region, "--wait", "90"});
      EXPECT_EQ(verify.code, 0) << region << ":\n" << verify.output;
    }
  }

  Cluster cluster_;
  std::string records_;
};

TEST_F(CrashTest, ANodeKilledDuringALoadAndStartedAgainLosesNothing) {
  auto load = BeginLoad();
  ASSERT_EQ(cluster_.Meridian({"dev", "kill", "us-east-2"}).code, 0);
  ASSERT_TRUE(IsUnderWay(load));
  const auto loaded = load.get();
  EXPECT_EQ(loaded.code, 0) << loaded.output;
  EXPECT_NE(loaded.output.find("retries"), std::string::npos) << loaded.output;
  ASSERT_TRUE(cluster_.Up());
  ExpectAllHold();
}

TEST_F(CrashTest, AGatewayKilledDuringALoadAndStartedAgainLosesNothing) {
  auto load = BeginLoad();
  ASSERT_EQ(cluster_.Meridian({"dev", "kill", "us-east-gw-1"}).code, 0);
  ASSERT_TRUE(IsUnderWay(load));
  const auto loaded = load.get();
  EXPECT_EQ(loaded.code, 0) << loaded.output;
  ASSERT_TRUE(cluster_.Up());
  ExpectAllHold();
}

TEST_F(CrashTest, AReceivingGatewayKilledDuringALoadLosesNothing) {
  auto load = BeginLoad();
  ASSERT_EQ(cluster_.Meridian({"dev", "kill", "eu-west-gw-1"}).code, 0);
  ASSERT_TRUE(IsUnderWay(load));
  EXPECT_EQ(load.get().code, 0);
  ASSERT_TRUE(cluster_.Up());
  ExpectAllHold();
}

TEST_F(CrashTest, ANodeThatIsTerminatedDrainsAndIsNotMissed) {
  auto load = BeginLoad();
  const auto restart = cluster_.Meridian({"dev", "restart", "us-east-3"});
  EXPECT_EQ(restart.code, 0) << restart.output;
  EXPECT_EQ(restart.output.find("killed"), std::string::npos) << restart.output;
  const auto loaded = load.get();
  EXPECT_EQ(loaded.code, 0) << loaded.output;
  ExpectAllHold();
}

TEST_F(CrashTest, ANodeThatIsPausedIsWorkedAround) {
  ASSERT_EQ(cluster_.Meridian({"dev", "pause", "us-east-1"}).code, 0);
  EXPECT_EQ(cluster_.Meridian({"put", "cart", "milk"}).code, 0);
  const auto up = cluster_.Meridian({"dev", "up"});
  EXPECT_EQ(up.code, 1);
  EXPECT_NE(up.output.find("us-east-1 is paused"), std::string::npos) << up.output;
  ASSERT_EQ(cluster_.Meridian({"dev", "resume", "us-east-1"}).code, 0);
  EXPECT_TRUE(Eventually([&] { return cluster_.Get("us-east", "cart").status == 200; }));
}

}  // namespace
}  // namespace meridian::process_tests
