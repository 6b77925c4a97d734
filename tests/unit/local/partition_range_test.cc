#include "local/partition_range.h"

#include <gtest/gtest.h>

#include "crdt/row_key.h"

namespace meridian::local {
namespace {

TEST(PartitionRangeTest, PartitionsFollowEachOtherWithoutAGap) {
  for (std::uint16_t p = 0; p < 15; ++p) {
    const PartitionKey next{{1}, {static_cast<std::uint16_t>(p + 1)}};
    EXPECT_EQ(PartitionRange::Of({{1}, {p}}, 4).end, PartitionRange::Of(next, 4).begin);
  }
}

TEST(PartitionRangeTest, EveryRowIsInTheRangeOfItsPartitionOnly) {
  for (int i = 0; i < 200; ++i) {
    const crdt::RowKey row{{1}, {1}, "key" + std::to_string(i), {}};
    const Bytes at = crdt::StorageKey(row);
    for (const unsigned bits : {0U, 1U, 4U}) {
      const PartitionId own = PartitionOf(row.token(), bits);
      for (std::uint32_t p = 0; p < 1U << bits; ++p) {
        const auto range = PartitionRange::Of({{1}, {static_cast<std::uint16_t>(p)}}, bits);
        const bool inside = at >= range.begin && (range.end.empty() || at < range.end);
        EXPECT_EQ(inside, own.value == p);
      }
    }
  }
}

TEST(PartitionRangeTest, ThePlacementThatComesNextIsOutside) {
  const auto last = PartitionRange::Of({{1}, {3}}, 2);
  EXPECT_LT(last.end, crdt::StorageKey({{2}, {1}, "k", {}}));
}

}  // namespace
}  // namespace meridian::local
