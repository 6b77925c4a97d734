// What every Storage promises, asked of the simulator's and of RocksDB alike: a machine that is
// right on one is right on the other.
//
//     INSTANTIATE_TEST_SUITE_P(Rocksdb, StorageConformanceTest, testing::Values(&NewRocksdbDisk));
//
// Included by one file of each test binary, which says what disk is asked.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/storage_disk.h"

namespace meridian::test {

using Pairs = std::vector<std::pair<Bytes, Bytes>>;

// Makes the disk to be asked.
using NewDisk = std::unique_ptr<Disk> (*)();

class StorageConformanceTest : public testing::TestWithParam<NewDisk> {
 protected:
  Result<Done> TryWrite(std::vector<Write> writes) {
    return disk_->Apply({{++last_batch_}, std::move(writes)});
  }
  void Write1(Bytes key, std::optional<Bytes> value, Column column = Column::kData) {
    ASSERT_TRUE(TryWrite({{column, std::move(key), std::move(value)}}));
  }
  void Crash() {
    disk_->Crash();
    last_batch_ = 0;
  }
  std::optional<Bytes> Get(ByteView key, Column column = Column::kData) {
    const auto found = disk_->storage().Get(column, key);
    return found ? *found : "failed: " + found.error().message;
  }
  Pairs All(Column column = Column::kData) { return Rows(disk_->storage(), column); }

  const std::unique_ptr<Disk> disk_ = GetParam()();
  std::uint64_t last_batch_ = 0;
};

TEST_P(StorageConformanceTest, AWriteIsVisibleAtOnceAndAMissingKeyIsNoError) {
  EXPECT_EQ(Get("k"), std::nullopt);
  Write1("k", "v");
  EXPECT_EQ(Get("k"), "v");
  Write1("k", "w");
  EXPECT_EQ(Get("k"), "w");
}

TEST_P(StorageConformanceTest, ADeleteRemovesAndMayBeRepeated) {
  Write1("k", "v");
  Write1("k", std::nullopt);
  Write1("k", std::nullopt);
  EXPECT_EQ(Get("k"), std::nullopt);
  EXPECT_TRUE(All().empty());
}

TEST_P(StorageConformanceTest, LaterWritesOfABatchWin) {
  ASSERT_TRUE(TryWrite({{Column::kData, "a", "1"},
                        {Column::kData, "a", "2"},
                        {Column::kData, "b", "1"},
                        {Column::kData, "b", std::nullopt},
                        {Column::kData, "c", std::nullopt},
                        {Column::kData, "c", "3"}}));
  EXPECT_EQ(All(), (Pairs{{"a", "2"}, {"c", "3"}}));
}

TEST_P(StorageConformanceTest, ColumnsAreApart) {
  std::vector<Write> writes;
  for (std::size_t i = 0; i < kColumnCount; ++i) {
    writes.push_back({static_cast<Column>(i), "k", std::to_string(i)});
  }
  ASSERT_TRUE(TryWrite(writes));
  Write1("k", std::nullopt, Column::kHint);
  for (std::size_t i = 0; i < kColumnCount; ++i) {
    const auto column = static_cast<Column>(i);
    const auto expected = column == Column::kHint ? std::optional<Bytes>() : std::to_string(i);
    EXPECT_EQ(Get("k", column), expected);
  }
}

TEST_P(StorageConformanceTest, AnEmptyBatchIsNothing) {
  EXPECT_TRUE(disk_->Apply({}));
  EXPECT_TRUE(disk_->Sync());
}

TEST_P(StorageConformanceTest, MultiGetAnswersInTheOrderOfItsKeys) {
  Write1("a", "1");
  Write1("b", "");
  const auto found = disk_->storage().MultiGet(Column::kData, {"b", "x", "a", "b"});
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (std::vector<std::optional<Bytes>>{"", std::nullopt, "1", ""}));
  EXPECT_TRUE(disk_->storage().MultiGet(Column::kData, {})->empty());
}

TEST_P(StorageConformanceTest, ScanVisitsFromInclusiveToExclusiveInByteOrder) {
  for (const char* key : {"c", "a", "b", "bb", "d"}) Write1(key, "v");
  const auto keys = [this](ByteView from, ByteView to) {
    Bytes joined;
    for (const auto& [key, value] : Rows(disk_->storage(), Column::kData, from, to)) {
      joined += key + ' ';
    }
    return joined;
  };
  EXPECT_EQ(keys("b", "d"), "b bb c ");
  EXPECT_EQ(keys("", "b"), "a ");
  EXPECT_EQ(keys("c", ""), "c d ");
  EXPECT_EQ(keys("", ""), "a b bb c d ");
  EXPECT_EQ(keys("b", "b"), "");
  EXPECT_EQ(keys("c", "a"), "");
  EXPECT_EQ(keys("e", ""), "");
}

TEST_P(StorageConformanceTest, ScanStopsWhenItIsToldTo) {
  for (const char* key : {"a", "b", "c"}) Write1(key, "v");
  Bytes seen;
  ASSERT_TRUE(disk_->storage().Scan(Column::kData, "", "", [&seen](const Entry& entry) {
    seen += entry.key;
    return entry.key != "b";
  }));
  EXPECT_EQ(seen, "ab");
}

TEST_P(StorageConformanceTest, KeysAndValuesMayHoldAnyByte) {
  Pairs expected;
  for (int byte = 0; byte < 256; ++byte) {
    const Bytes key{'\0', static_cast<char>(byte), '\0'};
    Write1(key, Bytes(3, static_cast<char>(255 - byte)));
    expected.emplace_back(key, Bytes(3, static_cast<char>(255 - byte)));
  }
  EXPECT_EQ(All(), expected);  // 0x80 and above sort last: bytes are unsigned
}

TEST_P(StorageConformanceTest, ACrashKeepsWhatWasSyncedAndDropsTheRest) {
  Write1("kept", "1");
  Write1("changed", "old");
  Write1("deleted", "old");
  ASSERT_TRUE(disk_->Sync());
  Write1("changed", "new");
  Write1("changed", "newer");
  Write1("deleted", std::nullopt);
  Write1("dropped", "1");
  EXPECT_EQ(Get("changed"), "newer");

  Crash();
  EXPECT_EQ(All(), (Pairs{{"changed", "old"}, {"deleted", "old"}, {"kept", "1"}}));
}

TEST_P(StorageConformanceTest, ACrashedDiskWritesOnAndCrashesAgain) {
  for (int life = 0; life < 4; ++life) {
    Write1("synced", std::to_string(life));
    ASSERT_TRUE(disk_->Sync());
    Write1("synced", "lost");
    Crash();
    EXPECT_EQ(All(), (Pairs{{"synced", std::to_string(life)}}));
  }
}

TEST_P(StorageConformanceTest, ATornTailLeavesAPrefixOfWholeBatches) {
  bool some_survived = false;
  bool some_lost = false;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    for (int batch = 0; batch < 20; ++batch) {
      const Bytes value = std::to_string(batch);
      ASSERT_TRUE(TryWrite({{Column::kData, "d" + std::to_string(1000 + batch), value},
                            {Column::kLog, "l" + std::to_string(1000 + batch), value}}));
      if (batch == 4) {
        ASSERT_TRUE(disk_->Sync());
      }
    }
    Random random(seed);
    disk_->Crash(random);
    last_batch_ = 0;
    const Pairs data = All(Column::kData);
    ASSERT_GE(data.size(), 5U);
    ASSERT_EQ(data.size(), All(Column::kLog).size());
    EXPECT_EQ(data.back().first, "d" + std::to_string(999 + data.size()));
    some_survived |= data.size() > 5;
    some_lost |= data.size() < 20;
    std::vector<Write> wipe;
    for (const Column column : {Column::kData, Column::kLog}) {
      for (const auto& [key, value] : All(column)) wipe.push_back({column, key, {}});
    }
    ASSERT_TRUE(TryWrite(wipe));
    ASSERT_TRUE(disk_->Sync());
  }
  EXPECT_TRUE(some_survived);
  EXPECT_TRUE(some_lost);
}

TEST_P(StorageConformanceTest, AFullDiskRefusesTheBatchAndStillReads) {
  Write1("k", "v");
  ASSERT_TRUE(disk_->Sync());
  disk_->SetFull(true);
  const Result<Done> refused = TryWrite({{Column::kData, "k", "w"}, {Column::kData, "x", "w"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIo);
  EXPECT_NE(refused.error().message.find("space"), Bytes::npos) << refused.error().message;
  EXPECT_EQ(All(), (Pairs{{"k", "v"}}));

  disk_->SetFull(false);
  Crash();
  EXPECT_EQ(All(), (Pairs{{"k", "v"}}));
}

}  // namespace meridian::test
