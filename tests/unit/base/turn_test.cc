#include "base/turn.h"

#include <gtest/gtest.h>

#include "support/memory_disk.h"

namespace meridian {
namespace {

constexpr ProcessId kSelf{{1}, Role::kNode, 1};
constexpr ProcessId kPeer{{1}, Role::kNode, 2};

class TurnTest : public testing::Test {
 protected:
  Output End() {
    Output output = turn_.Take();
    disk_.Apply(output.writes);
    return output;
  }

  MemoryDisk disk_;
  Turn turn_{kSelf, disk_};
};

TEST_F(TurnTest, OnlyTurnsThatWriteHaveANumber) {
  turn_.Put(Column::kData, "a", "1");
  EXPECT_EQ(End().writes.id, BatchId{1});
  EXPECT_EQ(End().writes.id, BatchId{});
  turn_.Erase(Column::kLog, "a");
  EXPECT_EQ(turn_.Open(), BatchId{2});
  EXPECT_EQ(End().writes.id, BatchId{2});
}

TEST_F(TurnTest, ATurnIsTakenOnce) {
  turn_.Put(Column::kData, "a", "1");
  turn_.Send(kPeer, "ack");
  turn_.Reply({7}, "stored");
  End();
  const Output next = End();
  EXPECT_TRUE(next.writes.writes.empty());
  EXPECT_TRUE(next.messages.empty());
  EXPECT_TRUE(next.replies.empty());
}

TEST_F(TurnTest, TheBarrierIsTheOpenBatchOnlyWhenItWillBeWritten) {
  EXPECT_EQ(turn_.Barrier(), BatchId{});
  turn_.Put(Column::kData, "a", "1");
  EXPECT_EQ(turn_.Barrier(), BatchId{1});
  End();
  EXPECT_EQ(turn_.Barrier(), BatchId{1});  // not yet durable
  turn_.MarkDurable({1});
  EXPECT_EQ(turn_.Barrier(), BatchId{});
}

TEST_F(TurnTest, NothingWaitsForWhatIsDurable) {
  turn_.Put(Column::kData, "a", "1");
  End();
  turn_.MarkDurable({1});
  turn_.MarkDurable({});  // never goes back
  turn_.Put(Column::kData, "b", "1");
  turn_.Send(kPeer, "old", {1});
  turn_.Send(kPeer, "new", turn_.Barrier());
  turn_.Reply({7}, "old", {1});
  turn_.Reply({8}, "new", {2});
  const Output output = End();
  ASSERT_EQ(output.messages.size(), 2U);
  EXPECT_EQ(output.messages[0].after, BatchId{});
  EXPECT_EQ(output.messages[1].after, BatchId{2});
  EXPECT_EQ(output.messages[1].message.from, kSelf);
  EXPECT_EQ(output.messages[1].message.to, kPeer);
  EXPECT_EQ(output.replies[0].after, BatchId{});
  EXPECT_EQ(output.replies[1].after, BatchId{2});
}

TEST_F(TurnTest, ReadsSeeTheRowsOfTheOpenTurn) {
  turn_.Put(Column::kData, "a", "old");
  turn_.Put(Column::kData, "gone", "old");
  End();
  turn_.Put(Column::kData, "a", "new");
  turn_.Erase(Column::kData, "gone");
  EXPECT_EQ(*turn_.Get(Column::kData, "a"), "new");
  EXPECT_EQ(*turn_.Get(Column::kData, "gone"), std::nullopt);
  EXPECT_EQ(*turn_.MultiGet(Column::kData, {"gone", "a", "never"}),
            (std::vector<std::optional<Bytes>>{std::nullopt, "new", std::nullopt}));
}

TEST_F(TurnTest, TwoWritesOfOneRowAreOne) {
  turn_.Put(Column::kData, "a", "1");
  turn_.Put(Column::kData, "b", "1");
  turn_.Put(Column::kData, "a", "2");
  turn_.Erase(Column::kData, "b");
  const Output output = End();
  ASSERT_EQ(output.writes.writes.size(), 2U);
  EXPECT_EQ(*disk_.Get(Column::kData, "a"), "2");
  EXPECT_EQ(*disk_.Get(Column::kData, "b"), std::nullopt);
}

TEST_F(TurnTest, ARowOfAnEarlierTurnIsReadFromTheDiskAndWrittenAnew) {
  turn_.Put(Column::kData, "a", "1");
  End();
  disk_.Erase(Column::kData, "a");
  turn_.Put(Column::kData, "b", "2");
  EXPECT_EQ(*turn_.Get(Column::kData, "a"), std::nullopt);
  turn_.Put(Column::kData, "a", "3");
  EXPECT_EQ(End().writes.writes.size(), 2U);
  EXPECT_EQ(*disk_.Get(Column::kData, "a"), "3");
  EXPECT_EQ(*disk_.Get(Column::kData, "b"), "2");
}

TEST_F(TurnTest, ColumnsAreApart) {
  turn_.Put(Column::kData, "a", "row");
  turn_.Put(Column::kLog, "a", "log");
  EXPECT_EQ(*turn_.Get(Column::kLog, "a"), std::nullopt);  // only rows are read back
  End();
  EXPECT_EQ(*turn_.Get(Column::kLog, "a"), "log");
  EXPECT_EQ(*turn_.Get(Column::kData, "a"), "row");
}

TEST_F(TurnTest, ScansSeeEarlierTurnsOnly) {
  turn_.Put(Column::kLog, "a", "1");
  End();
  turn_.Put(Column::kLog, "b", "1");
  Bytes seen;
  const auto visit = [&](const Entry& entry) {
    seen += entry.key;
    return true;
  };
  ASSERT_TRUE(turn_.Scan(Column::kLog, "", "", visit));
  EXPECT_EQ(seen, "a");
}

}  // namespace
}  // namespace meridian
