#include "local/partition_sizes.h"

#include <gmock/gmock.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

constexpr unsigned kBits = 2;

class PartitionSizesTest : public ::testing::Test {
 protected:
  struct Held {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
  };
  // Rows "key0" and so on, whose values are of these lengths in turn.
  void Store(int rows, const std::vector<std::size_t>& lengths) {
    WriteBatch batch;
    batch.id = {1};
    for (int i = 0; i < rows; ++i) {
      const crdt::RowKey key = KeyOf("key" + std::to_string(i));
      const Bytes at = crdt::StorageKey(key);
      const Bytes value(lengths[static_cast<std::size_t>(i) % lengths.size()], 'v');
      Held& held = truth[{key.placement, PartitionOf(key.token(), kBits)}];
      ++held.rows;
      held.bytes += at.size() + value.size();
      batch.writes.push_back({Column::kData, at, value});
    }
    disk.Apply(batch);
  }
  static PartitionKey Partition(std::uint16_t number) { return {{1}, {number}}; }

  MemoryDisk disk;
  std::map<PartitionKey, Held> truth;
};

TEST_F(PartitionSizesTest, AFewRowsAreCounted) {
  Store(100, {100, 300});
  for (std::uint16_t p = 0; p < 4; ++p) {
    const PartitionSize size = EstimateSize(disk, Partition(p), kBits);
    EXPECT_EQ(size.rows, truth.at(Partition(p)).rows);
    EXPECT_EQ(size.bytes, truth.at(Partition(p)).bytes);
  }
}

TEST_F(PartitionSizesTest, ManyRowsAreEstimatedFromTheFirst) {
  Store(20'000, {100, 300});
  std::uint64_t rows = 0;
  for (std::uint16_t p = 0; p < 4; ++p) {
    const PartitionSize size = EstimateSize(disk, Partition(p), kBits);
    rows += size.rows;
    const auto real = static_cast<double>(truth.at(Partition(p)).bytes);
    EXPECT_NEAR(static_cast<double>(size.bytes), real, 0.35 * real) << p;
  }
  EXPECT_NEAR(static_cast<double>(rows), 20'000, 0.2 * 20'000);
}

TEST_F(PartitionSizesTest, LargeRowsEndTheSampleEarly) {
  Store(400, {200'000});
  SizeSampling sampling;
  sampling.rows_least = 2;
  const PartitionSize size = EstimateSize(disk, Partition(1), kBits, sampling);
  EXPECT_NE(size.rows, truth.at(Partition(1)).rows) << "not all were read";
  EXPECT_GT(size.bytes, 0U);
}

TEST_F(PartitionSizesTest, NothingIsThere) {
  EXPECT_EQ(EstimateSize(disk, Partition(3), kBits).rows, 0U);
  EXPECT_EQ(EstimateSize(disk, Partition(3), kBits).bytes, 0U);
}

TEST_F(PartitionSizesTest, PagesFollowEachOtherAndNameEveryPartitionOnce) {
  Store(1000, {100});
  SizeSampling sampling;
  sampling.page_rows = 100;  // two partitions reach it
  const std::vector<PartitionKey> keys = {Partition(0), Partition(1), Partition(3)};
  const SizesPage first = EstimateSizes(disk, keys, {}, kBits, sampling);
  ASSERT_EQ(first.sizes.size(), 2U);
  ASSERT_EQ(first.next, Partition(3));
  const SizesPage second = EstimateSizes(disk, keys, *first.next, kBits, sampling);
  ASSERT_EQ(second.sizes.size(), 1U);
  EXPECT_EQ(second.sizes[0].key, Partition(3));
  EXPECT_FALSE(second.next);
  sampling.page_partitions = 1;
  EXPECT_EQ(EstimateSizes(disk, keys, Partition(1), kBits, sampling).next, Partition(3));
}

}  // namespace
}  // namespace meridian::local
