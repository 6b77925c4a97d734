#include "sim/lost_copies.h"

#include <gtest/gtest.h>

#include "crdt/row.h"
#include "crdt/row_key.h"

namespace meridian::sim {
namespace {

constexpr RegionId kHere{1}, kThere{2};

SimStorage DiskWith(const Bytes& value) {
  const crdt::RowKey key{{1}, {1}, "key", ""};
  crdt::Change change;
  change.dot = {Actor::Of(kHere, {1}, 1), 1};
  change.stamp = {1};
  change.value = value;
  SimStorage disk;
  const crdt::Row row = crdt::Updated({}, change, crdt::Policy::kSiblings);
  EXPECT_TRUE(disk.Apply(
      {{1}, {{Column::kData, crdt::StorageKey(key, key.token()), crdt::EncodeRow(row)}}}));
  return disk;
}

TEST(LostCopiesTest, CountsTheNodesOfOneRegionOnceEach) {
  LostCopies lost;
  const SimStorage disk = DiskWith("v1");
  lost.OnDiskGone(NodeProcess(kHere, {1}), disk);
  lost.OnDiskGone(NodeProcess(kHere, {1}), disk);
  lost.OnDiskGone(NodeProcess(kThere, {1}), disk);
  EXPECT_EQ(lost.NodesOf("v1", kHere), 1U);
  lost.OnDiskGone(NodeProcess(kHere, {2}), disk);
  EXPECT_EQ(lost.NodesOf("v1", kHere), 2U);
  EXPECT_EQ(lost.NodesOf("v1", kThere), 1U);
  EXPECT_EQ(lost.NodesOf("v2", kHere), 0U);
}

}  // namespace
}  // namespace meridian::sim
