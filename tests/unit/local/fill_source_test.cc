#include "local/fill_source.h"

#include <gtest/gtest.h>

#include "local/partition_range.h"
#include "support/local_node.h"

namespace meridian::local {
namespace {

class FillSourceTest : public testing::Test {
 protected:
  FillSourceTest() : keys_(KeysOfOnePartition(node_.ring, 60)) {
    std::ranges::sort(keys_, {}, [](const crdt::RowKey& key) { return crdt::StorageKey(key); });
  }
  void Apply(std::size_t key, crdt::Dot dot, const crdt::Row& over = {}) {
    node_.replica.Apply({keys_[key], Written(over, dot, Bytes(100, 'v'), over.context), {}});
  }
  void ApplyAll() {
    for (std::size_t i = 0; i < keys_.size(); ++i) Apply(i, {kA, i + 1});
    node_.End();
  }
  // None: no answer.
  std::optional<FillRows> Ask(FillAsk ask, bool sound = true) {
    ask.id = 7;
    source_.OnAsk(NodeOf(2), ask, sound);
    auto sent = SentOf<FillRows>(node_.End());
    if (sent.empty()) return std::nullopt;
    EXPECT_EQ(sent[0].to, NodeOf(2));
    EXPECT_EQ(sent[0].message.id, 7U);
    return std::move(sent[0].message);
  }
  PartitionKey Partition() const { return node_.PartitionOf(keys_[0]); }

  LocalNode node_{1};
  FillSource source_{node_.ring, node_.turn, node_.replica, 1000};
  std::vector<crdt::RowKey> keys_;
};

TEST_F(FillSourceTest, WhoHasNothingIsSentTheRowsInKeyOrder) {
  ApplyAll();
  std::vector<crdt::RowKey> got;
  FillAsk ask{0, Partition(), {}, {}, false};
  for (int answers = 0; answers < 50; ++answers) {
    const auto rows = Ask(ask);
    ASSERT_TRUE(rows);
    EXPECT_TRUE(rows->more) << "the log has to be asked yet";
    for (const auto& update : rows->rows) got.push_back(update.key);
    ask.after = rows->after;
    if (ask.after.empty()) break;
    EXPECT_EQ(ask.after, crdt::StorageKey(got.back()));
  }
  EXPECT_EQ(got, keys_);
  EXPECT_EQ(source_.rows_sent(), keys_.size());
}

TEST_F(FillSourceTest, RowsOfOtherPartitionsStay) {
  node_.replica.Apply({KeyOf("elsewhere", kHome), Written({}, {kB, 1}, "v"), {}});
  for (std::uint64_t i = 0; i < 40; ++i) {
    node_.replica.Apply({KeyOf("key" + std::to_string(i)), Written({}, {kB, i + 1}, "v"), {}});
  }
  node_.End();
  const auto rows = Ask({0, Partition(), {}, {}, false});
  ASSERT_TRUE(rows && !rows->rows.empty());
  for (const auto& update : rows->rows) EXPECT_EQ(node_.PartitionOf(update.key), Partition());
}

TEST_F(FillSourceTest, RowsThatTheAskerHasAreLeftOut) {
  ApplyAll();
  crdt::SeenVector seen;
  seen.Add(kA, crdt::IntervalSet({1, 30}));
  FillAsk ask{0, Partition(), seen, {}, false};
  std::size_t rows = 0;
  do {
    const auto answer = Ask(ask);
    ASSERT_TRUE(answer);
    for (const auto& update : answer->rows) EXPECT_GT(update.row.versions[0].dot.sequence, 30U);
    rows += answer->rows.size();
    ask.after = answer->after;
  } while (!ask.after.empty());
  EXPECT_EQ(rows, 30U);
}

TEST_F(FillSourceTest, WhoLacksLittleIsSentThatFromTheLog) {
  ApplyAll();
  crdt::SeenVector seen;
  seen.Add(kA, crdt::IntervalSet({1, 59}));
  const auto answer = Ask({0, Partition(), seen, {}, false});
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->rows.size(), 1U);
  EXPECT_EQ(answer->rows[0].key, keys_[59]);
  EXPECT_FALSE(answer->more);
}

TEST_F(FillSourceTest, OverwrittenDotsComeListedFromTheLog) {
  Apply(0, {kA, 1});
  Apply(0, {kA, 2}, node_.Read(keys_[0]));
  node_.End();
  crdt::SeenVector seen;
  seen.Add({kA, 2});
  const auto answer = Ask({0, Partition(), seen, {}, true});
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->rows.size(), 1U);
  EXPECT_EQ(answer->rows[0].listed, (std::vector<crdt::Dot>{{kA, 1}}));
  EXPECT_FALSE(answer->more);
}

TEST_F(FillSourceTest, WhoHasEverythingIsDone) {
  ApplyAll();
  const auto answer = Ask({0, Partition(), node_.Seen(keys_[0]), {}, false});
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->rows.empty());
  EXPECT_FALSE(answer->more);
  EXPECT_TRUE(answer->sound);
}

TEST_F(FillSourceTest, SaysWhetherItIsSoundItself) {
  ApplyAll();
  EXPECT_FALSE(Ask({0, Partition(), {}, {}, false}, false)->sound);
}

TEST_F(FillSourceTest, APartitionThatIsNotHereIsMetWithSilence) {
  EXPECT_FALSE(Ask({0, {{9}, {0}}, {}, {}, false}));
}

TEST_F(FillSourceTest, ACursorThatIsNoKeyOfThePartitionDoesNoHarm) {
  ApplyAll();
  EXPECT_TRUE(Ask({0, Partition(), {}, Bytes(40, '\xff'), false})->rows.empty());
  EXPECT_EQ(Ask({0, Partition(), {}, Bytes(1, '\0'), false})->rows[0].key, keys_[0]);
}

TEST_F(FillSourceTest, OrphansEndInSilenceNotInALoop) {
  ApplyAll();
  for (const crdt::RowKey& key : keys_) node_.disk.Erase(Column::kData, crdt::StorageKey(key));
  LocalNode again(1, node_.disk);
  FillSource source(again.ring, again.turn, again.replica, 1000);
  source.OnAsk(NodeOf(2), {7, Partition(), {}, {}, true}, true);
  const auto sent = SentOf<FillRows>(again.End());
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_FALSE(sent[0].message.more);
  EXPECT_EQ(source.orphans(), 60U);
}

TEST(PartitionRangeTest, RangesFollowEachOtherAndEndWithThePlacement) {
  const PartitionRange first = PartitionRange::Of({{1}, {0}}, 2);
  const PartitionRange last = PartitionRange::Of({{1}, {3}}, 2);
  EXPECT_EQ(first.begin, Bytes("\0\1\0\0\0\0\0\0\0\0", 10));
  EXPECT_EQ(first.end, PartitionRange::Of({{1}, {1}}, 2).begin);
  EXPECT_EQ(last.end, PartitionRange::Of({{2}, {0}}, 2).begin);
  EXPECT_EQ(PartitionRange::Of({{UINT16_MAX}, {3}}, 2).end, "");
  EXPECT_EQ(PartitionRange::Of({{1}, {0}}, 0).end, PartitionRange::Of({{2}, {0}}, 0).begin);
}

TEST(PartitionRangeTest, AKeyKnowsHowFarItLiesInItsPartition) {
  EXPECT_EQ(PartitionRange::ShareBefore("", 2), 0);
  EXPECT_EQ(PartitionRange::ShareBefore(PartitionRange::Of({{1}, {1}}, 2).begin, 2), 0);
  EXPECT_EQ(PartitionRange::ShareBefore(PartitionRange::Of({{1}, {3}}, 2).begin, 1), 0.5);
}

}  // namespace
}  // namespace meridian::local
