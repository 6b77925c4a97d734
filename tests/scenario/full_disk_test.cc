// A disk that is full ends nothing: its node reads, its region writes, and it catches up.

#include <gtest/gtest.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using namespace std::chrono_literals;
using node::Status;

class FullDiskTest : public testing::Test {
 protected:
  const ProcessId full = Scenario::Node(1, 1);
  const ProcessId other = Scenario::Node(1, 2);
  Scenario world;
};

TEST_F(FullDiskTest, ReadsGoOnAndTheOthersWrite) {
  EXPECT_EQ(world.Put(full, "milk", "1").status, Status::kOk);
  world.SetRoom(full, DiskRoom::kNone);
  const auto refused = world.Put(full, "milk", "2");
  EXPECT_EQ(refused.status, Status::kUnavailable);
  EXPECT_FALSE(refused.maybe);
  EXPECT_EQ(world.Get(full, "milk").values, std::vector<Bytes>{"1"});
  const auto read = world.Get(other, "milk");
  EXPECT_EQ(world.Put(other, "milk", "3", {.context = read.context}).status, Status::kOk);
  EXPECT_EQ(world.Get(full, "milk").values, std::vector<Bytes>{"3"}) << "its own copy is stale";
  EXPECT_EQ(world.Get(full, "milk").values, std::vector<Bytes>{"3"}) << "and nothing is repaired";
  world.RunFor(60s);
  world.SetRoom(full, DiskRoom::kPlenty);
  EXPECT_EQ(world.RunUntilQuiet(), "");
  EXPECT_EQ(world.Violated(), "");
}

TEST_F(FullDiskTest, WhatWasUnderWayIsNotAcknowledgedAndNotLostEither) {
  world.StopDisk(full);
  const auto put = world.BeginPut(full, "milk", "1");
  world.RunFor(100ms);
  world.SetRoom(full, DiskRoom::kNone);
  world.StartDisk(full);
  world.RunFor(10s);
  world.Crash(full);
  world.SetRoom(full, DiskRoom::kPlenty);
  world.Restart(full);
  EXPECT_EQ(world.RunUntilQuiet(), "");
  EXPECT_EQ(world.Violated(), "");
  EXPECT_EQ(world.Get(other, "milk").values, std::vector<Bytes>{"1"}) << "the others had it";
}

// What it has of the key waits for room, maybe for hours; the others' copies are durable.
TEST_F(FullDiskTest, AKeyThatWasBeingWrittenIsReadFromTheOthers) {
  world.StopDisk(full);
  world.BeginPut(full, "milk", "1");
  world.RunFor(100ms);
  world.SetRoom(full, DiskRoom::kNone);
  world.StartDisk(full);
  world.RunFor(1s);
  EXPECT_EQ(world.Get(full, "milk").values, std::vector<Bytes>{"1"});
  world.SetRoom(full, DiskRoom::kPlenty);
  EXPECT_EQ(world.RunUntilQuiet(), "");
  EXPECT_EQ(world.Violated(), "");
}

TEST_F(FullDiskTest, TwoOfThreeAreNoQuorumAndSaySo) {
  world.SetRoom(full, DiskRoom::kNone);
  world.SetRoom(other, DiskRoom::kNone);
  const auto late = world.Put(Scenario::Node(1, 3), "milk", "1");
  EXPECT_NE(late.status, Status::kOk);
  world.SetRoom(full, DiskRoom::kPlenty);
  world.SetRoom(other, DiskRoom::kPlenty);
  EXPECT_EQ(world.RunUntilQuiet(), "");
  EXPECT_EQ(world.Violated(), "");
}

TEST_F(FullDiskTest, ANearlyFullOneKeepsCopiesAndDeletes) {
  EXPECT_EQ(world.Put(full, "milk", "1").status, Status::kOk);
  world.SetRoom(full, DiskRoom::kLow);
  EXPECT_EQ(world.Put(full, "eggs", "1").status, Status::kUnavailable);
  EXPECT_EQ(world.Put(other, "eggs", "1").status, Status::kOk);
  EXPECT_EQ(world.Delete(full, "milk").status, Status::kOk);
  EXPECT_EQ(world.RunUntilQuiet(), "") << "it holds what the others do";
}

}  // namespace
}  // namespace meridian::sim
