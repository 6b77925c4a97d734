// `meridian dev` where something is not as it should be: other settings, other files, other paths.

#include <gtest/gtest.h>

#include <fstream>

#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

bool Says(const Cluster::Ended& ended, const std::string& text) {
  return ended.output.find(text) != std::string::npos;
}

TEST(DevTest, TheDemoRefusesATopologyThatShowsNothing) {
  const Cluster cluster({"us-east"});
  const std::string records = cluster.WriteRecords(3);
  const auto demo = cluster.Meridian({"demo", records, "--format", "lines", "-n", "packages"});
  EXPECT_EQ(demo.code, 2) << demo.output;
  EXPECT_TRUE(Says(demo, "no other region holds namespace 'packages'")) << demo.output;
}

TEST(DevTest, EmulationThatWasTurnedOffIsHadBackAfterADown) {
  const Cluster cluster({"us-east", "eu-west"});
  const std::string wan_port = std::to_string(cluster.base_port() + 90);
  const auto direct = cluster.Meridian({"dev", "up", "--no-wan-emulation", "--wan-port", wan_port});
  ASSERT_EQ(direct.code, 0) << direct.output;
  const auto cut = cluster.Meridian({"dev", "cut", "us-east", "eu-west"});
  EXPECT_EQ(cut.code, 2) << cut.output;
  EXPECT_TRUE(Says(cut, "dev up --wan-emulation")) << cut.output;
  EXPECT_EQ(cluster.Meridian({"dev", "up", "--wan-emulation"}).code, 1) << "while it runs";

  ASSERT_EQ(cluster.Meridian({"dev", "down"}).code, 0);
  const auto emulated = cluster.Meridian({"dev", "up", "--wan-emulation"});
  EXPECT_EQ(emulated.code, 0) << emulated.output;
  EXPECT_TRUE(Says(emulated, "WAN emulated")) << emulated.output;
  EXPECT_EQ(cluster.Meridian({"dev", "cut", "us-east", "eu-west"}).code, 0);
}

TEST(DevTest, WhatRunsIsSeenAndEndedWithoutATopologyThatCanBeRead) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  std::ofstream(cluster.topology_file()) << "epoch: one\n";
  const auto status = cluster.Meridian({"dev", "status"});
  EXPECT_EQ(status.code, 2) << status.output;
  EXPECT_TRUE(Says(status, "us-east-gw-1")) << status.output;
  const auto killed = cluster.Meridian({"dev", "kill", "us-east-2"});
  EXPECT_EQ(killed.code, 0) << killed.output;
  const auto down = cluster.Meridian({"dev", "down"});
  EXPECT_EQ(down.code, 0) << down.output;
  EXPECT_TRUE(Says(down, "3 processes stopped")) << down.output;
}

TEST(DevTest, ANodeThatTheTopologyLostIsNotForgotten) {
  Cluster cluster({"us-east"}, 4);
  ASSERT_TRUE(cluster.Up());
  std::ifstream in(cluster.topology_file());
  std::string text((std::istreambuf_iterator<char>(in)), {});
  const std::size_t line = text.find("      us-east-4:");
  ASSERT_NE(line, std::string::npos);
  text.erase(line, text.find('\n', line) + 1 - line);
  std::ofstream(cluster.topology_file()) << text;
  const auto up = cluster.Meridian({"dev", "up"});
  EXPECT_EQ(up.code, 1) << up.output;
  EXPECT_TRUE(Says(up, "us-east-4 runs")) << up.output;
  EXPECT_TRUE(Says(cluster.Meridian({"dev", "status"}), "not in the topology"));
  const auto down = cluster.Meridian({"dev", "down"});
  EXPECT_EQ(down.code, 0) << down.output;
  EXPECT_TRUE(Says(down, "5 processes stopped")) << down.output;
}

TEST(DevTest, ASandboxIsOneByWhateverPathItIsReached) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  const auto status = cluster.Shell("ln -s home alias && meridian dev status --data alias");
  EXPECT_EQ(status.code, 0) << status.output;
  const auto down = cluster.Shell("meridian dev down --data alias/");
  EXPECT_EQ(down.code, 0) << down.output;
  EXPECT_TRUE(Says(down, "4 processes stopped")) << down.output;
}

TEST(DevTest, DataIsNotRemovedWhileAProcessThatWasNotStoppedMayHaveItOpen) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  const auto purge = cluster.Shell("mv home moved && meridian dev down --purge --data moved");
  const auto back = cluster.Shell("mv moved home && ls home/data");
  EXPECT_EQ(purge.code, 1) << purge.output;
  EXPECT_TRUE(Says(purge, "us-east-1 (pid ")) << purge.output;
  EXPECT_TRUE(Says(back, "us-east-1")) << back.output;

  const auto gone = cluster.Shell("meridian dev down --purge && ls home");
  EXPECT_EQ(gone.code, 0) << gone.output;
  EXPECT_FALSE(Says(gone, "secret\n")) << gone.output;
}

}  // namespace
}  // namespace meridian::process_tests
