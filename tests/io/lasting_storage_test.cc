// A disk that is full for a while: nothing is lost, nothing is told to be durable, reads go on.

#include "io/lasting_storage.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <thread>

#include "io/rocksdb_disk.h"

namespace meridian::io {
namespace {

using namespace std::chrono_literals;
using test::RocksdbDisk;
using test::Rows;

WriteBatch Batch(std::uint64_t id, std::vector<Write> writes) {
  return {{id}, std::move(writes)};
}

class LastingStorageTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(storage.Apply(Batch(
        1, {{Column::kData, "a", "1"}, {Column::kData, "c", "1"}, {Column::kLog, "x", "1"}})));
    ASSERT_TRUE(storage.Sync());
  }
  std::optional<Bytes> Value(ByteView key) { return *storage.Get(Column::kData, key); }

  RocksdbDisk disk;
  LastingStorage storage{disk.rocksdb(), disk.path(), {.none_bytes = 0, .retry = 5ms}};
};

TEST_F(LastingStorageTest, WhatWaitsForRoomIsReadAsIfItWereThere) {
  disk.SetFull(true);
  ASSERT_TRUE(storage.Apply(Batch(2, {{Column::kData, "b", "2"}, {Column::kData, "c", "2"}})));
  ASSERT_TRUE(storage.Apply(Batch(3, {{Column::kData, "a", std::nullopt}})));
  EXPECT_EQ(storage.Room(), DiskRoom::kNone);
  EXPECT_EQ(Value("a"), std::nullopt);
  EXPECT_EQ(Value("b"), "2");
  EXPECT_EQ(*storage.MultiGet(Column::kData, {"a", "b", "c", "d"}),
            (std::vector<std::optional<Bytes>>{std::nullopt, "2", "2", std::nullopt}));
  EXPECT_EQ(Rows(storage, Column::kData),
            (std::vector<std::pair<Bytes, Bytes>>{{"b", "2"}, {"c", "2"}}));
  std::vector<Bytes> seen;
  ASSERT_TRUE(storage.Scan(Column::kData, "b", "c", [&](const Entry& entry) {
    seen.emplace_back(entry.key);
    return true;
  }));
  EXPECT_EQ(seen, std::vector<Bytes>{"b"});
  // As a peer might ask for it.
  ASSERT_TRUE(storage.Scan(Column::kData, "c", "b", [](const Entry&) {
    ADD_FAILURE() << "there is nothing between";
    return true;
  }));
  EXPECT_EQ(Rows(storage, Column::kLog), (std::vector<std::pair<Bytes, Bytes>>{{"x", "1"}}));
  storage.GiveUp();
}

TEST_F(LastingStorageTest, ASyncEndsWhenThereIsRoomAndAllOfItIsDurable) {
  disk.SetFull(true);
  ASSERT_TRUE(storage.Apply(Batch(2, {{Column::kData, "b", "2"}})));
  auto synced = std::async(std::launch::async, [&] { return storage.Sync().has_value(); });
  EXPECT_EQ(synced.wait_for(100ms), std::future_status::timeout) << "nothing is durable yet";
  ASSERT_TRUE(storage.Apply(Batch(3, {{Column::kData, "c", "3"}})));
  disk.SetFull(false);
  EXPECT_TRUE(synced.get());
  ASSERT_TRUE(storage.Sync());
  EXPECT_NE(storage.Room(), DiskRoom::kNone);
  ASSERT_TRUE(storage.Apply(Batch(4, {{Column::kData, "d", "4"}})));
  ASSERT_TRUE(storage.Sync());
  disk.Crash();
  EXPECT_EQ(Rows(disk.storage(), Column::kData),
            (std::vector<std::pair<Bytes, Bytes>>{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}));
}

// RocksDB has no word of its own for it.
TEST_F(LastingStorageTest, AQuotaThatIsUsedUpIsAFullDisk) {
  disk.env().SetFull(true, true);
  ASSERT_TRUE(storage.Apply(Batch(2, {{Column::kData, "b", "2"}})));
  EXPECT_EQ(storage.Room(), DiskRoom::kNone);
  auto synced = std::async(std::launch::async, [&] { return storage.Sync().has_value(); });
  EXPECT_EQ(synced.wait_for(30ms), std::future_status::timeout);
  disk.env().SetFull(false);
  EXPECT_TRUE(synced.get());
  disk.Crash();
  EXPECT_EQ(Rows(disk.storage(), Column::kData),
            (std::vector<std::pair<Bytes, Bytes>>{{"a", "1"}, {"b", "2"}, {"c", "1"}}));
}

TEST_F(LastingStorageTest, ACrashWhileItIsFullLosesOnlyWhatWasNotDurable) {
  disk.SetFull(true);
  ASSERT_TRUE(storage.Apply(Batch(2, {{Column::kData, "b", "2"}})));
  disk.SetFull(false);
  disk.Crash();
  EXPECT_EQ(Rows(disk.storage(), Column::kData),
            (std::vector<std::pair<Bytes, Bytes>>{{"a", "1"}, {"c", "1"}}));
}

// Memtables that cannot be written out are RocksDB's own way to find out.
TEST_F(LastingStorageTest, AFlushThatFindsNoRoomIsOutlastedToo) {
  std::uint64_t id = 1;
  const Bytes value(1000, 'v');
  const auto write_some = [&](int count) {
    for (; count > 0; --count) {
      const std::uint64_t number = ++id;
      ASSERT_TRUE(storage.Apply(Batch(number, {{Column::kData, std::to_string(number), value}})));
    }
  };
  for (int times = 0; times < 3; ++times) {
    write_some(60);
    disk.SetFull(true);
    write_some(30);
    auto synced = std::async(std::launch::async, [&] { return storage.Sync().has_value(); });
    EXPECT_EQ(synced.wait_for(30ms), std::future_status::timeout);
    disk.SetFull(false);
    EXPECT_TRUE(synced.get());
  }
  disk.Crash();
  EXPECT_EQ(Rows(disk.storage(), Column::kData).size(), 272U);
}

// The write that fails is at some count the one that has the log's memtable written out, too.
TEST_F(LastingStorageTest, AWriteThatFindsNoRoomAndOrdersAFlushIsOutlastedToo) {
  std::uint64_t id = 1;
  const Bytes value(1000, 'v');
  const auto write_some = [&](int count) {
    for (; count > 0; --count) {
      const std::uint64_t number = ++id;
      const Bytes key = std::to_string(number);
      ASSERT_TRUE(
          storage.Apply(Batch(number, {{Column::kData, key, "x"}, {Column::kLog, key, value}})));
    }
  };
  for (int count = 24; count < 36; ++count) {
    write_some(count);
    disk.SetFull(true);
    write_some(1);
    auto synced = std::async(std::launch::async, [&] { return storage.Sync().has_value(); });
    disk.SetFull(false);
    EXPECT_TRUE(synced.get()) << count;
  }
  disk.Crash();
  EXPECT_EQ(Rows(disk.storage(), Column::kData).size(), id + 1);
}

// At some count the write that fails is the one by which the log is too long, and that has every
// column written out: one flush begins, the others wait for their turn.
TEST_F(LastingStorageTest, AWriteThatFindsNoRoomAndOrdersAFlushOfEachColumnIsOutlastedToo) {
  std::uint64_t id = 1;
  const Bytes value(250, 'v');
  const auto write_some = [&](int count) {
    for (; count > 0; --count) {
      const std::uint64_t number = ++id;
      const Bytes key = std::to_string(number);
      ASSERT_TRUE(storage.Apply(Batch(number, {{Column::kHint, key, value},
                                               {Column::kMeta, key, value},
                                               {Column::kTree, key, value},
                                               {Column::kDead, key, value}})));
    }
  };
  for (int count = 244; count < 254; ++count) {
    write_some(count);
    disk.SetFull(true);
    write_some(1);
    auto synced = std::async(std::launch::async, [&] { return storage.Sync().has_value(); });
    disk.SetFull(false);
    EXPECT_TRUE(synced.get()) << count;
  }
  disk.Crash();
  EXPECT_EQ(Rows(disk.storage(), Column::kDead).size(), id - 1);
}

// Whatever runs then finds no room: writes, syncs, flushes, compactions, recoveries.
TEST_F(LastingStorageTest, ADiskThatIsFullAgainAndAgainIsOutlasted) {
  std::atomic<bool> ends = false;
  auto committer = std::async(std::launch::async, [&] {
    while (!ends) {
      if (!storage.Sync()) return false;
    }
    return storage.Sync().has_value();
  });
  std::atomic<bool> writes = true;
  auto toggler = std::async(std::launch::async, [&] {
    Random random(1);
    for (int times = 0; times < 60; ++times) {
      for (const bool full : {true, false}) {
        disk.SetFull(full);
        std::this_thread::sleep_for(std::chrono::milliseconds(random.Below(full ? 20 : 60)));
      }
    }
    writes = false;
  });
  std::uint64_t id = 1;
  std::map<Bytes, Bytes> expected{{"a", "1"}, {"c", "1"}};
  while (writes) {
    const Bytes number = std::to_string(++id);
    const Bytes key = std::to_string(id % 500);
    ASSERT_TRUE(storage.Apply(Batch(id, {{Column::kData, key, number + Bytes(300, 'v')},
                                         {Column::kLog, number, Bytes(50, 'v')}})));
    expected[key] = number + Bytes(300, 'v');
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  toggler.get();
  ends = true;
  EXPECT_TRUE(committer.get());
  disk.Crash();
  EXPECT_EQ(Rows(disk.storage(), Column::kData),
            (std::vector<std::pair<Bytes, Bytes>>{expected.begin(), expected.end()}));
  EXPECT_EQ(Rows(disk.storage(), Column::kLog).size(), id);
}

// Nothing is in memory then, so a recovery has nothing to write out, and no reason to begin another
// log than the one whose last record is torn.
TEST_F(LastingStorageTest, AWriteThatFindsNoRoomWhenAllElseIsWrittenOutIsOutlastedToo) {
  ASSERT_TRUE(*disk.rocksdb().Recover());
  disk.SetFull(true);
  ASSERT_TRUE(storage.Apply(Batch(2, {{Column::kData, "b", "2"}})));
  disk.SetFull(false);
  ASSERT_TRUE(storage.Sync());
  ASSERT_TRUE(storage.Apply(Batch(3, {{Column::kData, "d", "3"}})));
  ASSERT_TRUE(storage.Sync());
  disk.Crash();
  EXPECT_EQ(Rows(disk.storage(), Column::kData),
            (std::vector<std::pair<Bytes, Bytes>>{{"a", "1"}, {"b", "2"}, {"c", "1"}, {"d", "3"}}));
}

TEST_F(LastingStorageTest, TheEndOfTheProcessIsNotHeldUp) {
  disk.SetFull(true);
  ASSERT_TRUE(storage.Apply(Batch(2, {{Column::kData, "b", "2"}})));
  auto synced = std::async(std::launch::async, [&] { return storage.Sync().has_value(); });
  storage.GiveUp();
  EXPECT_FALSE(synced.get());
}

TEST_F(LastingStorageTest, RoomIsToldBeforeThereIsNone) {
  EXPECT_EQ(storage.Room(), DiskRoom::kPlenty);
  const LastingStorage low(disk.rocksdb(), disk.path(), {.low_bytes = UINT64_MAX, .none_bytes = 0});
  EXPECT_EQ(low.Room(), DiskRoom::kLow);
  const LastingStorage none(disk.rocksdb(), disk.path(), {.none_bytes = UINT64_MAX});
  EXPECT_EQ(none.Room(), DiskRoom::kNone);
}

}  // namespace
}  // namespace meridian::io
