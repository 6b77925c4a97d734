#include "sim/sim_storage.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "io/storage_conformance.h"

namespace meridian::sim {
namespace {

class SimDisk final : public test::Disk {
 public:
  Storage& storage() override { return storage_; }
  Result<Done> Apply(const WriteBatch& batch) override { return storage_.Apply(batch); }
  Result<Done> Sync() override {
    storage_.Sync(storage_.applied());
    return Done{};
  }
  void SetFull(bool full) override { storage_.SetFull(full); }
  void Crash() override { storage_.Crash(); }
  void Crash(Random& torn_tail) override { storage_.Crash(torn_tail); }

 private:
  SimStorage storage_;
};

class SimStorageTest : public testing::Test {
 protected:
  void Apply(std::uint64_t id, Bytes key, std::optional<Bytes> value) {
    ASSERT_TRUE(disk_.Apply({{id}, {{Column::kData, std::move(key), std::move(value)}}}));
  }
  std::map<Bytes, Bytes> All() const {
    std::map<Bytes, Bytes> rows;
    EXPECT_TRUE(disk_.Scan(Column::kData, {}, {}, [&rows](const Entry& entry) {
      rows.emplace(entry.key, entry.value);
      return true;
    }));
    return rows;
  }

  SimStorage disk_;
};

using Rows = std::map<Bytes, Bytes>;

TEST_F(SimStorageTest, SyncKeepsBatchesUpToItsIdOnly) {
  Apply(1, "a", "1");
  Apply(3, "a", "3");
  Apply(4, "b", "4");
  disk_.Sync({3});
  EXPECT_EQ(disk_.synced(), BatchId{3});
  disk_.Crash();
  EXPECT_EQ(All(), (Rows{{"a", "3"}}));
}

TEST_F(SimStorageTest, ALateSyncOfAnEarlierBatchTakesNothingBack) {
  Apply(1, "a", "1");
  Apply(2, "a", "2");
  disk_.Sync({2});
  disk_.Sync({1});
  EXPECT_EQ(disk_.synced(), BatchId{2});
  disk_.Crash();
  EXPECT_EQ(All(), (Rows{{"a", "2"}}));
}

TEST_F(SimStorageTest, ACrashUndoesEveryChangeOfAKeyWithinABatch) {
  Apply(1, "a", "old");
  disk_.Sync({1});
  ASSERT_TRUE(disk_.Apply({{2},
                           {{Column::kData, "a", "x"},
                            {Column::kData, "a", std::nullopt},
                            {Column::kData, "a", "y"},
                            {Column::kData, "b", "z"},
                            {Column::kData, "b", std::nullopt}}}));
  EXPECT_EQ(All(), (Rows{{"a", "y"}}));
  disk_.Crash();
  EXPECT_EQ(All(), (Rows{{"a", "old"}}));
}

TEST_F(SimStorageTest, EveryPrefixOfTheUnsyncedBatchesCanSurviveATornTail) {
  std::set<std::size_t> survivors;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimStorage disk;
    for (std::uint64_t id = 1; id <= 4; ++id) {
      ASSERT_TRUE(disk.Apply({{id}, {{Column::kData, std::to_string(id), "v"}}}));
    }
    disk.Sync({1});
    Random random(seed);
    disk.Crash(random);
    std::size_t count = 0;
    while (count < 4 && disk.Get(Column::kData, std::to_string(count + 1))->has_value()) ++count;
    for (std::size_t id = count + 1; id <= 4; ++id) {
      EXPECT_FALSE(disk.Get(Column::kData, std::to_string(id))->has_value());
    }
    survivors.insert(count);
  }
  EXPECT_EQ(survivors, (std::set<std::size_t>{1, 2, 3, 4}));
}

TEST_F(SimStorageTest, WhatSurvivedACrashSurvivesTheNext) {
  Apply(1, "a", "1");
  for (std::uint64_t seed = 0;; ++seed) {
    SimStorage copy = disk_;
    Random random(seed);
    copy.Crash(random);
    if (!copy.Get(Column::kData, "a")->has_value()) continue;
    copy.Crash();
    EXPECT_TRUE(copy.Get(Column::kData, "a")->has_value());
    break;
  }
}

TEST_F(SimStorageTest, BatchIdsBeginAnewAfterACrash) {
  Apply(7, "a", "1");
  disk_.Sync({7});
  disk_.Crash();
  EXPECT_EQ(disk_.applied(), BatchId{});
  Apply(1, "b", "1");
  EXPECT_EQ(disk_.applied(), BatchId{1});
}

TEST_F(SimStorageTest, AFullDiskChangesNothing) {
  Apply(1, "a", "1");
  disk_.SetFull(true);
  EXPECT_FALSE(disk_.Apply({{2}, {{Column::kData, "a", "2"}}}));
  EXPECT_EQ(disk_.applied(), BatchId{1});
  EXPECT_EQ(All(), (Rows{{"a", "1"}}));
  disk_.SetFull(false);
  Apply(2, "a", "2");
  EXPECT_EQ(All(), (Rows{{"a", "2"}}));
}

}  // namespace
}  // namespace meridian::sim

namespace meridian::test {
namespace {

std::unique_ptr<Disk> NewSimDisk() {
  return std::make_unique<sim::SimDisk>();
}

INSTANTIATE_TEST_SUITE_P(Sim, StorageConformanceTest, testing::Values(&NewSimDisk));

}  // namespace
}  // namespace meridian::test
