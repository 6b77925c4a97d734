// What `meridian` prints, where it cannot be printed or is read by something else than people.

#include <gtest/gtest.h>

#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

TEST(OutputTest, WhatCannotBePrintedIsNoSuccess) {
  const Cluster cluster({"us-east"});
  for (const char* command : {"meridian topology validate topology.yaml", "meridian --help"}) {
    const auto full = cluster.Shell(std::string(command) + " > /dev/full");
    EXPECT_EQ(full.code, 1) << full.output;
    EXPECT_NE(full.output.find("standard output"), std::string::npos) << full.output;
    EXPECT_EQ(cluster.Shell(std::string(command) + " > out").code, 0);
  }
  EXPECT_EQ(cluster.Shell("meridian get cart -r nowhere -t topology.yaml > /dev/full").code, 2);
}

TEST(OutputTest, RawBytesAreAllOrAnErrorAndNeverProse) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  ASSERT_EQ(cluster.Meridian({"put", "cart", "milk"}).code, 0);
  EXPECT_EQ(cluster.Shell("meridian get cart --raw").output, "milk");
  const auto full = cluster.Shell("meridian get cart --raw > /dev/full");
  EXPECT_EQ(full.code, 1) << full.output;
  EXPECT_NE(full.output.find("standard output"), std::string::npos) << full.output;

  ASSERT_EQ(cluster.Meridian({"put", "cart", "eggs"}).code, 0);
  const auto siblings = cluster.Shell("meridian get cart --raw 2>/dev/null");
  EXPECT_EQ(siblings.code, 3);
  EXPECT_EQ(siblings.output, "");
  const auto told = cluster.Shell("meridian get cart --raw >/dev/null");
  EXPECT_EQ(told.code, 3);
  EXPECT_NE(told.output.find("2 values were written concurrently"), std::string::npos);
}

TEST(OutputTest, TheRingOfAKeyHasOneExitCodeInEitherForm) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  ASSERT_EQ(cluster.Meridian({"put", "cart", "milk"}).code, 0);
  EXPECT_TRUE(Eventually([&] { return cluster.Meridian({"ring", "cart", "--json"}).code == 0; }));
  EXPECT_EQ(cluster.Meridian({"ring", "cart"}).code, 0);
  ASSERT_EQ(cluster.Meridian({"dev", "kill", "us-east-2"}).code, 0);
  EXPECT_EQ(cluster.Meridian({"ring", "cart"}).code, 1);
  EXPECT_EQ(cluster.Meridian({"ring", "cart", "--json"}).code, 1);
}

}  // namespace
}  // namespace meridian::process_tests
