// What every Storage promises, asked of the simulator's and of RocksDB alike: a machine that is
// right on one is right on the other.

#include <gtest/gtest.h>

#include "io/storage_disk.h"

namespace meridian {
namespace {

using test::Rows;
using Pairs = std::vector<std::pair<Bytes, Bytes>>;

template <class DiskUnderTest>
class StorageConformanceTest : public testing::Test {
 protected:
  Result<Done> TryWrite(std::vector<Write> writes) {
    return disk_.Apply({{++last_batch_}, std::move(writes)});
  }
  void Write1(Bytes key, std::optional<Bytes> value, Column column = Column::kData) {
    ASSERT_TRUE(TryWrite({{column, std::move(key), std::move(value)}}));
  }
  void Crash() {
    disk_.Crash();
    last_batch_ = 0;
  }
  std::optional<Bytes> Get(ByteView key, Column column = Column::kData) {
    const auto found = disk_.storage().Get(column, key);
    return found ? *found : "failed: " + found.error().message;
  }
  Pairs All(Column column = Column::kData) { return Rows(disk_.storage(), column); }

  DiskUnderTest disk_;
  std::uint64_t last_batch_ = 0;
};

using Disks = testing::Types<test::SimDisk, test::RocksdbDisk>;
TYPED_TEST_SUITE(StorageConformanceTest, Disks);

TYPED_TEST(StorageConformanceTest, AWriteIsVisibleAtOnceAndAMissingKeyIsNoError) {
  EXPECT_EQ(this->Get("k"), std::nullopt);
  this->Write1("k", "v");
  EXPECT_EQ(this->Get("k"), "v");
  this->Write1("k", "w");
  EXPECT_EQ(this->Get("k"), "w");
}

TYPED_TEST(StorageConformanceTest, ADeleteRemovesAndMayBeRepeated) {
  this->Write1("k", "v");
  this->Write1("k", std::nullopt);
  this->Write1("k", std::nullopt);
  EXPECT_EQ(this->Get("k"), std::nullopt);
  EXPECT_TRUE(this->All().empty());
}

TYPED_TEST(StorageConformanceTest, LaterWritesOfABatchWin) {
  ASSERT_TRUE(this->TryWrite({{Column::kData, "a", "1"},
                              {Column::kData, "a", "2"},
                              {Column::kData, "b", "1"},
                              {Column::kData, "b", std::nullopt},
                              {Column::kData, "c", std::nullopt},
                              {Column::kData, "c", "3"}}));
  EXPECT_EQ(this->All(), (Pairs{{"a", "2"}, {"c", "3"}}));
}

TYPED_TEST(StorageConformanceTest, ColumnsAreApart) {
  std::vector<Write> writes;
  for (std::size_t i = 0; i < kColumnCount; ++i) {
    writes.push_back({static_cast<Column>(i), "k", std::to_string(i)});
  }
  ASSERT_TRUE(this->TryWrite(writes));
  this->Write1("k", std::nullopt, Column::kHint);
  for (std::size_t i = 0; i < kColumnCount; ++i) {
    const auto column = static_cast<Column>(i);
    const auto expected = column == Column::kHint ? std::optional<Bytes>() : std::to_string(i);
    EXPECT_EQ(this->Get("k", column), expected);
  }
}

TYPED_TEST(StorageConformanceTest, AnEmptyBatchIsNothing) {
  EXPECT_TRUE(this->disk_.Apply({}));
  EXPECT_TRUE(this->disk_.Sync());
}

TYPED_TEST(StorageConformanceTest, MultiGetAnswersInTheOrderOfItsKeys) {
  this->Write1("a", "1");
  this->Write1("b", "");
  const auto found = this->disk_.storage().MultiGet(Column::kData, {"b", "x", "a", "b"});
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (std::vector<std::optional<Bytes>>{"", std::nullopt, "1", ""}));
  EXPECT_TRUE(this->disk_.storage().MultiGet(Column::kData, {})->empty());
}

TYPED_TEST(StorageConformanceTest, ScanVisitsFromInclusiveToExclusiveInByteOrder) {
  for (const char* key : {"c", "a", "b", "bb", "d"}) this->Write1(key, "v");
  const auto keys = [this](ByteView from, ByteView to) {
    Bytes joined;
    for (const auto& [key, value] : Rows(this->disk_.storage(), Column::kData, from, to)) {
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

TYPED_TEST(StorageConformanceTest, ScanStopsWhenItIsToldTo) {
  for (const char* key : {"a", "b", "c"}) this->Write1(key, "v");
  Bytes seen;
  ASSERT_TRUE(this->disk_.storage().Scan(Column::kData, "", "", [&seen](const Entry& entry) {
    seen += entry.key;
    return entry.key != "b";
  }));
  EXPECT_EQ(seen, "ab");
}

TYPED_TEST(StorageConformanceTest, KeysAndValuesMayHoldAnyByte) {
  Pairs expected;
  for (int byte = 0; byte < 256; ++byte) {
    const Bytes key{'\0', static_cast<char>(byte), '\0'};
    this->Write1(key, Bytes(3, static_cast<char>(255 - byte)));
    expected.emplace_back(key, Bytes(3, static_cast<char>(255 - byte)));
  }
  EXPECT_EQ(this->All(), expected);  // 0x80 and above sort last: bytes are unsigned
}

TYPED_TEST(StorageConformanceTest, ACrashKeepsWhatWasSyncedAndDropsTheRest) {
  this->Write1("kept", "1");
  this->Write1("changed", "old");
  this->Write1("deleted", "old");
  ASSERT_TRUE(this->disk_.Sync());
  this->Write1("changed", "new");
  this->Write1("changed", "newer");
  this->Write1("deleted", std::nullopt);
  this->Write1("dropped", "1");
  EXPECT_EQ(this->Get("changed"), "newer");

  this->Crash();
  EXPECT_EQ(this->All(), (Pairs{{"changed", "old"}, {"deleted", "old"}, {"kept", "1"}}));
}

TYPED_TEST(StorageConformanceTest, ACrashedDiskWritesOnAndCrashesAgain) {
  for (int life = 0; life < 4; ++life) {
    this->Write1("synced", std::to_string(life));
    ASSERT_TRUE(this->disk_.Sync());
    this->Write1("synced", "lost");
    this->Crash();
    EXPECT_EQ(this->All(), (Pairs{{"synced", std::to_string(life)}}));
  }
}

TYPED_TEST(StorageConformanceTest, ATornTailLeavesAPrefixOfWholeBatches) {
  bool some_survived = false;
  bool some_lost = false;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    for (int batch = 0; batch < 20; ++batch) {
      const Bytes value = std::to_string(batch);
      ASSERT_TRUE(this->TryWrite({{Column::kData, "d" + std::to_string(1000 + batch), value},
                                  {Column::kLog, "l" + std::to_string(1000 + batch), value}}));
      if (batch == 4) {
        ASSERT_TRUE(this->disk_.Sync());
      }
    }
    Random random(seed);
    this->disk_.Crash(random);
    this->last_batch_ = 0;
    const Pairs data = this->All(Column::kData);
    ASSERT_GE(data.size(), 5U);
    ASSERT_EQ(data.size(), this->All(Column::kLog).size());
    EXPECT_EQ(data.back().first, "d" + std::to_string(999 + data.size()));
    some_survived |= data.size() > 5;
    some_lost |= data.size() < 20;
    std::vector<Write> wipe;
    for (const Column column : {Column::kData, Column::kLog}) {
      for (const auto& [key, value] : this->All(column)) wipe.push_back({column, key, {}});
    }
    ASSERT_TRUE(this->TryWrite(wipe));
    ASSERT_TRUE(this->disk_.Sync());
  }
  EXPECT_TRUE(some_survived);
  EXPECT_TRUE(some_lost);
}

TYPED_TEST(StorageConformanceTest, AFullDiskRefusesTheBatchAndStillReads) {
  this->Write1("k", "v");
  ASSERT_TRUE(this->disk_.Sync());
  this->disk_.SetFull(true);
  const Result<Done> refused =
      this->TryWrite({{Column::kData, "k", "w"}, {Column::kData, "x", "w"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIo);
  EXPECT_NE(refused.error().message.find("space"), Bytes::npos) << refused.error().message;
  EXPECT_EQ(this->All(), (Pairs{{"k", "v"}}));

  this->disk_.SetFull(false);
  this->Crash();
  EXPECT_EQ(this->All(), (Pairs{{"k", "v"}}));
}

}  // namespace
}  // namespace meridian
