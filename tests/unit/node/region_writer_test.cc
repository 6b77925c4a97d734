#include "node/region_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "support/three_regions.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

// Four nodes and N = 3: partitions differ in their primaries.
class RegionWriterTest : public ::testing::Test {
 protected:
  local::Ring ring{ThreeRegions(), Gateway(kUs)};
  MemoryDisk disk;
  Turn turn{Gateway(kUs), disk};
  RegionWriter writer{ring, turn, 7};
  RegionWriter::Ticket ticket{Gateway(kEu), 5, 1};

  std::vector<NodeId> Primaries(const crdt::RowKey& key) {
    const auto* list = ring.ListOf(ring.PartitionOfToken(key.placement, key.token()));
    return {list->nodes.begin(), list->nodes.begin() + list->primaries};
  }
  // Of a partition with other primaries.
  crdt::RowKey KeyOfOthersThan(const crdt::RowKey& key) {
    for (std::uint16_t partition = 0; partition < 4; ++partition) {
      crdt::RowKey other = KeyIn(ring, partition);
      if (!std::ranges::is_permutation(Primaries(key), Primaries(other))) return other;
    }
    ADD_FAILURE() << "all partitions have the same primaries";
    return key;
  }
  auto Replicates() { return Sent<local::Replicate>(turn.Take()); }
  std::uint64_t WriteAndTakeId(Moment now, std::vector<crdt::RowUpdate> rows) {
    writer.Write(now, ticket, std::move(rows));
    return Replicates().at(0).second.id;
  }
};

TEST_F(RegionWriterTest, ARowGoesToAllItsPrimariesAndIsDoneAtAQuorum) {
  const crdt::RowKey key = KeyIn(ring, 0);
  writer.Write(At(0s), ticket, {Written(key, {kB, 1}, "v", 3s)});
  const auto sent = Replicates();
  ASSERT_EQ(sent.size(), 3U);
  std::set<std::uint32_t> targets;
  for (const auto& [to, message] : sent) targets.insert(to.number);
  const std::vector<NodeId> primaries = Primaries(key);
  for (const NodeId node : primaries) EXPECT_TRUE(targets.contains(node.value));
  const std::uint64_t id = sent[0].second.id;
  EXPECT_NE(id, 0U) << "an answer is wanted";

  writer.OnAck(primaries[0], {id});
  writer.OnAck(primaries[0], {id});
  EXPECT_TRUE(writer.TakeWritten().empty()) << "one node twice is no quorum";
  writer.OnAck(primaries[1], {id});
  const auto written = writer.TakeWritten();
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].ticket, ticket);
  ASSERT_EQ(written[0].newest.size(), 1U);
  EXPECT_EQ(written[0].newest[0].origin, kEu);
  EXPECT_EQ(written[0].newest[0].stamp, crdt::Stamp::Of(At(3s).wall));
  EXPECT_EQ(writer.in_flight(), 0U);
  writer.OnAck(primaries[2], {id});
  EXPECT_TRUE(writer.TakeWritten().empty());
}

TEST_F(RegionWriterTest, EveryRowNeedsAQuorumOfItsOwnPrimaries) {
  const crdt::RowKey first = KeyIn(ring, 0);
  const crdt::RowKey second = KeyOfOthersThan(first);
  const auto is_of = [&](const crdt::RowKey& key) {
    return [=, this](NodeId node) { return std::ranges::count(Primaries(key), node) > 0; };
  };
  std::vector<NodeId> first_only = Primaries(first);
  std::erase_if(first_only, is_of(second));
  std::vector<NodeId> both = Primaries(first);
  std::erase_if(both, std::not_fn(is_of(second)));
  ASSERT_EQ(first_only.size(), 1U);
  ASSERT_EQ(both.size(), 2U);

  const std::uint64_t id =
      WriteAndTakeId(At(0s), {Written(first, {kB, 1}), Written(second, {kB, 2})});
  writer.OnAck(first_only[0], {id});
  writer.OnAck(both[0], {id});
  EXPECT_TRUE(writer.TakeWritten().empty()) << "the second row has one copy";
  writer.OnAck(both[1], {id});
  EXPECT_EQ(writer.TakeWritten().size(), 1U);
}

TEST_F(RegionWriterTest, SilentPrimariesAreAskedAgain) {
  const crdt::RowKey key = KeyIn(ring, 0);
  const std::uint64_t id = WriteAndTakeId(At(0s), {Written(key, {kB, 1})});
  writer.OnAck(Primaries(key)[0], {id});
  EXPECT_EQ(writer.NextDeadline(), At(500ms).monotonic);
  writer.Tick(At(499ms));
  EXPECT_TRUE(Replicates().empty());
  writer.Tick(At(500ms));
  const auto again = Replicates();
  ASSERT_EQ(again.size(), 2U);
  for (const auto& [to, message] : again) {
    EXPECT_NE(to.number, Primaries(key)[0].value);
    EXPECT_EQ(message.id, id);
    EXPECT_EQ(message.rows.size(), 1U);
  }
}

TEST_F(RegionWriterTest, ABatchThatIsBeingWrittenIsNotWrittenTwice) {
  const crdt::RowKey key = KeyIn(ring, 0);
  const std::uint64_t id = WriteAndTakeId(At(0s), {Written(key, {kB, 1})});
  writer.Write(At(1s), ticket, {Written(key, {kB, 1})});
  EXPECT_TRUE(Replicates().empty());
  for (const NodeId node : Primaries(key)) writer.OnAck(node, {id});
  EXPECT_EQ(writer.TakeWritten().size(), 1U);
  writer.Write(At(2s), ticket, {Written(key, {kB, 1})});
  EXPECT_EQ(Replicates().size(), 3U) << "its ack was lost: applied again, acked again";
}

TEST_F(RegionWriterTest, AfterThreeSecondsItSaysWhatIsLeft) {
  const crdt::RowKey gone = KeyIn(ring, 0);
  const crdt::RowKey other = KeyOfOthersThan(gone);
  const std::uint64_t id = WriteAndTakeId(
      At(0s), {Written(gone, {kB, 1}), Written(other, {kB, 2}), Written(gone, {kB, 3})});
  // Two nodes that are not both primaries of `gone`.
  std::vector<NodeId> up = Primaries(other);
  std::ranges::partition(
      up, [&](NodeId node) { return std::ranges::count(Primaries(gone), node) == 0; });
  up.resize(2);
  for (const NodeId node : up) writer.OnAck(node, {id});
  writer.Tick(At(2900ms));
  EXPECT_TRUE(writer.TakeWritten().empty());
  writer.Tick(At(3s));
  const auto written = writer.TakeWritten();
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].ticket, ticket);
  EXPECT_EQ(written[0].left, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_EQ(written[0].newest.size(), 1U);
}

TEST_F(RegionWriterTest, WhatIsLeftCanBeWrittenAgain) {
  const std::uint64_t id = WriteAndTakeId(At(0s), {Written(KeyIn(ring, 0), {kB, 1})});
  writer.Tick(At(3s));
  EXPECT_EQ(writer.in_flight(), 0U);
  EXPECT_EQ(writer.NextDeadline(), kNever);
  EXPECT_EQ(writer.TakeWritten().at(0).left, (std::vector<std::uint32_t>{0}));
  for (std::uint32_t node = 1; node <= 4; ++node) writer.OnAck({node}, {id});
  EXPECT_TRUE(writer.TakeWritten().empty());
  turn.Take();
  writer.Write(At(11s), ticket, {Written(KeyIn(ring, 0), {kB, 1})});
  EXPECT_EQ(Replicates().size(), 3U);
}

TEST_F(RegionWriterTest, RowsOfPlacementsThatAreNotHeldHereCountAsDone) {
  writer.Write(At(0s), ticket, {Written(Key("k", kEuOnly, {4}), {kB, 1})});
  EXPECT_TRUE(Replicates().empty());
  EXPECT_EQ(writer.TakeWritten().size(), 1U);
}

TEST_F(RegionWriterTest, TakesOnNoMoreBytesThanItCanKeep) {
  const crdt::RowKey key = KeyIn(ring, 0);
  const Bytes value(4 << 20, 'v');
  const auto write = [&](std::uint64_t number) {
    writer.Write(At(0s), {Gateway(kEu), 5, number}, {Written(key, {kB, number}, value)});
    return Replicates();
  };
  std::vector<std::uint64_t> ids;
  for (std::uint64_t number = 1; writer.bytes() < (64 << 20); ++number) {
    ids.push_back(write(number).at(0).second.id);
  }
  EXPECT_EQ(ids.size(), 6U) << "a batch is kept for each of three primaries";
  EXPECT_TRUE(write(100).empty());
  for (const NodeId node : Primaries(key)) writer.OnAck(node, {ids[0]});
  EXPECT_EQ(write(100).size(), 3U);
  writer.Tick(At(10s));
  EXPECT_EQ(writer.bytes(), 0U);
}

TEST_F(RegionWriterTest, RowsForOneNodeTravelTogether) {
  writer.Write(At(0s), ticket,
               {Written(KeyIn(ring, 0, 0), {kB, 1}), Written(KeyIn(ring, 0, 1), {kB, 2})});
  const auto sent = Replicates();
  ASSERT_EQ(sent.size(), 3U);
  for (const auto& [to, message] : sent) EXPECT_EQ(message.rows.size(), 2U);
}

TEST_F(RegionWriterTest, AcksToAnEarlierProcessAreNotForThisOne) {
  RegionWriter before{ring, turn, 123'456};
  before.Write(At(0s), ticket, {Written(KeyIn(ring, 0), {kB, 1})});
  const std::uint64_t old_id = Replicates().at(0).second.id;
  EXPECT_NE(old_id, WriteAndTakeId(At(0s), {Written(KeyIn(ring, 0), {kB, 1})}));
  for (std::uint32_t node = 1; node <= 4; ++node) writer.OnAck({node}, {old_id});
  EXPECT_TRUE(writer.TakeWritten().empty());
}

TEST_F(RegionWriterTest, WhatIsForgottenTakesNoRoom) {
  const crdt::RowKey key = KeyIn(ring, 0);
  writer.Write(At(0s), ticket, {Written(key, {kB, 1}, Bytes(1 << 20, 'v'))});
  EXPECT_GT(writer.bytes(), 3U << 20);
  writer.Forget();  // the ring is another one, and the batch comes again
  EXPECT_EQ(writer.bytes(), 0U);
}

}  // namespace
}  // namespace meridian::node
