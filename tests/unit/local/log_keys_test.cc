#include "local/log_keys.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

constexpr PartitionKey kPartition{{1}, {2}};

TEST(LogKeysTest, AKeyGivesItsDotBack) {
  for (const crdt::Dot dot : {crdt::Dot{kA, 1}, crdt::Dot{kB, crdt::Dot::kSequenceMax}}) {
    EXPECT_EQ(DotOfLogKey(LogKey(kPartition, dot)), dot);
  }
}

TEST(LogKeysTest, APartitionsLogIsContiguousAndEachActorsDotsAreInOrder) {
  const std::vector<Bytes> ascending = {
      LogKey({{1}, {1}}, {kB, 9}),
      LogKey(kPartition, {}),
      LogKey(kPartition, {kA, 1}),
      LogKey(kPartition, {kA, 255}),
      LogKey(kPartition, {kA, 256}),
      LogKey(kPartition, {kB, 1}),
      LogKey(kPartition, {{UINT64_MAX}, crdt::Dot::kSequenceMax}),
      LogEnd(kPartition),
      LogKey({{1}, {3}}, {}),
      LogKey({{1}, {256}}, {}),
      LogKey({{2}, {0}}, {}),
  };
  for (std::size_t i = 1; i < ascending.size(); ++i) EXPECT_LT(ascending[i - 1], ascending[i]) << i;
}

TEST(LogKeysTest, AValueGivesTheRowsKeyBack) {
  for (crdt::RowKey key : {KeyOf("milk"), KeyOf("", kLast), KeyOf(Bytes("\0\xff", 2), kFast)}) {
    key.element = key.key + "x";
    const Bytes stored = crdt::StorageKey(key);
    const Result<Bytes> read = StorageKeyOfLog({key.placement, {}}, LogValue(stored));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, stored);
  }
}

TEST(LogKeysTest, DamagedValuesAreCorrupt) {
  const Bytes value = LogValue(crdt::StorageKey(KeyOf("milk")));
  for (std::size_t size = 0; size < value.size(); ++size) {
    EXPECT_FALSE(StorageKeyOfLog(kPartition, ByteView(value).substr(0, size))) << size;
  }
  Bytes other = value;
  other[0] = 2;
  EXPECT_EQ(StorageKeyOfLog(kPartition, other).error().code, ErrorCode::kCorrupt);
}

TEST(LogKeysTest, CheckpointsOfPartitionsAreApart) {
  EXPECT_EQ(SeenCheckpointKey({{1}, {2}}), Bytes("seen\0\1\0\2", 8));
  EXPECT_NE(SeenCheckpointKey({{1}, {2}}), SeenCheckpointKey({{2}, {1}}));
}

}  // namespace
}  // namespace meridian::local
