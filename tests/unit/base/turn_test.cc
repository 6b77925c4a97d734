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

TEST_F(TurnTest, AScanOfRowsShowsTheOpenTurnsToo) {
  for (const char* key : {"b", "c", "e", "f"}) turn_.Put(Column::kData, key, "old");
  End();
  for (const char* key : {"a", "c", "d", "f", "g"}) turn_.Put(Column::kData, key, "new");
  turn_.Erase(Column::kData, "e");
  const auto scanned = [&](ByteView from, ByteView to, std::size_t most) {
    std::string text;
    std::size_t shown = 0;
    EXPECT_TRUE(turn_
                    .Scan(Column::kData, from, to,
                          [&](const Entry& entry) {
                            text += Bytes(entry.key) + '=' + Bytes(entry.value) + ' ';
                            return ++shown < most;
                          })
                    .has_value());
    return text;
  };
  EXPECT_EQ(scanned("a", "", 99), "a=new b=old c=new d=new f=new g=new ");
  EXPECT_EQ(scanned("b", "f", 99), "b=old c=new d=new ");
  EXPECT_EQ(scanned("a", "", 3), "a=new b=old c=new ");
  EXPECT_EQ(scanned("a", "", 1), "a=new ");
  EXPECT_EQ(scanned("g", "", 99), "g=new ");
}

}  // namespace
}  // namespace meridian
