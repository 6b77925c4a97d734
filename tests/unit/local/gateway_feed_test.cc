#include "local/gateway_feed.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

class GatewayFeedTest : public testing::Test {
 protected:
  SeenReport OrderAt(std::int64_t milliseconds, std::uint32_t gateway, FeedOrder order = {}) {
    feed_.OnOrder(At(milliseconds), GatewayOf(gateway), order);
    auto reports = SentOf<SeenReport>(node_.Sync());
    EXPECT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports.at(0).to, GatewayOf(gateway));
    return std::move(reports.at(0).message);
  }
  void Apply(const crdt::RowKey& key, crdt::Dot dot) {
    ASSERT_TRUE(node_.replica.Apply({key, Written({}, dot, "v"), {}}));
  }
  std::vector<Sent<FeedRows>> PushAt(std::int64_t milliseconds,
                                     std::vector<PutCoordinator::Minted> minted) {
    feed_.Push(At(milliseconds), std::move(minted));
    return SentOf<FeedRows>(node_.End());
  }
  static std::vector<PutCoordinator::Minted> ManyRows() {
    std::vector<PutCoordinator::Minted> minted;
    for (std::uint64_t i = 1; i <= 40; ++i) {
      minted.push_back({{KeyOf("key" + std::to_string(i)), Written({}, {kA, i}, "v"), {}}, {}});
    }
    return minted;
  }

  LocalNode node_{1};
  GatewayFeed feed_{node_.ring, node_.turn, node_.replica};
};

TEST_F(GatewayFeedTest, TheFirstReportHasEverythingAndTheNextOnlyWhatChanged) {
  Apply(kMilk, {kA, 1});
  Apply(KeyOf("milk", kHome), {kA, 1});
  const SeenReport first = OrderAt(0, 1);
  EXPECT_EQ(first.life, node_.replica.actor().incarnation());
  EXPECT_EQ(first.since, 0U);
  EXPECT_EQ(first.partitions.size(), 2U);

  const SeenReport idle = OrderAt(1000, 1, {first.life, first.number});
  EXPECT_EQ(idle.since, first.number);
  EXPECT_EQ(idle.number, first.number);
  EXPECT_TRUE(idle.partitions.empty());

  Apply(kMilk, {kA, 2});
  const SeenReport next = OrderAt(2000, 1, {first.life, first.number});
  ASSERT_EQ(next.partitions.size(), 1U);
  EXPECT_EQ(next.partitions[0].key, node_.PartitionOf(kMilk));
  EXPECT_EQ(next.partitions[0].seen, node_.Seen(kMilk));

  // The report was lost: the same again.
  EXPECT_EQ(OrderAt(3000, 1, {first.life, first.number}).partitions, next.partitions);
}

TEST_F(GatewayFeedTest, AReportOfAnotherLifeIsNoBase) {
  Apply(kMilk, {kA, 1});
  const SeenReport first = OrderAt(0, 1);
  EXPECT_EQ(OrderAt(1000, 1, {first.life + 1, first.number}).since, 0U);
  EXPECT_EQ(OrderAt(1000, 1, {first.life + 1, first.number}).partitions.size(), 1U);
}

TEST_F(GatewayFeedTest, AnIdleNodeReportsOnceAfterAStart) {
  Apply(kMilk, {kA, 1});
  node_.End();
  LocalNode again(1, node_.disk);
  GatewayFeed feed(again.ring, again.turn, again.replica);
  feed.OnOrder(At(0), GatewayOf(1), {});
  const auto first = SentOf<SeenReport>(again.End());
  ASSERT_EQ(first.at(0).message.partitions.size(), 1U);
  feed.OnOrder(At(1000), GatewayOf(1), {first[0].message.life, first[0].message.number});
  EXPECT_TRUE(SentOf<SeenReport>(again.End()).at(0).message.partitions.empty());
}

TEST_F(GatewayFeedTest, AReportWaitsUntilWhatItClaimsIsDurable) {
  Apply(kMilk, {kA, 1});
  feed_.OnOrder(At(0), GatewayOf(1), {});
  const BatchId open = node_.turn.Open();
  EXPECT_EQ(SentOf<SeenReport>(node_.Sync()).at(0).after, open);
  feed_.OnOrder(At(0), GatewayOf(1), {});
  EXPECT_EQ(SentOf<SeenReport>(node_.Sync()).at(0).after, BatchId{});
}

// A disk that is full for hours must not gather hours of them.
TEST_F(GatewayFeedTest, NoReportFollowsOneThatStillWaits) {
  Apply(kMilk, {kA, 1});
  feed_.OnOrder(At(0), GatewayOf(1), {});
  EXPECT_EQ(SentOf<SeenReport>(node_.End()).size(), 1U);
  feed_.OnOrder(At(100), GatewayOf(1), {});
  EXPECT_TRUE(node_.End().messages.empty());
  feed_.OnOrder(At(100), GatewayOf(2), {});
  EXPECT_EQ(SentOf<SeenReport>(node_.Sync()).size(), 1U) << "another gateway";
  feed_.OnOrder(At(200), GatewayOf(1), {});
  EXPECT_EQ(SentOf<SeenReport>(node_.Sync()).size(), 1U);
}

TEST_F(GatewayFeedTest, WithoutOrdersNothingIsPushed) {
  EXPECT_TRUE(PushAt(0, ManyRows()).empty());
}

TEST_F(GatewayFeedTest, StandingOrdersShareThePartitions) {
  EXPECT_EQ(OrderAt(0, 2).gateways, std::vector<std::uint32_t>{2});
  EXPECT_EQ(OrderAt(0, 1).gateways, (std::vector<std::uint32_t>{1, 2}));
  const auto pushed = PushAt(100, ManyRows());
  ASSERT_EQ(NumbersOf(pushed), (std::vector<std::uint32_t>{1, 2}));
  std::size_t rows = 0;
  for (const auto& share : pushed) {
    for (const crdt::RowUpdate& update : share.message.rows) {
      const std::uint32_t place = node_.PartitionOf(update.key).partition.value % 2;
      EXPECT_EQ(share.to.number, place + 1);
      ++rows;
    }
  }
  EXPECT_EQ(rows, 40U);
}

TEST_F(GatewayFeedTest, AnOrderLapsesAfterFiveSeconds) {
  OrderAt(0, 1);
  OrderAt(1000, 2);
  EXPECT_EQ(NumbersOf(PushAt(5000, ManyRows())), (std::vector<std::uint32_t>{1, 2}));
  const auto pushed = PushAt(5001, ManyRows());
  ASSERT_EQ(NumbersOf(pushed), std::vector<std::uint32_t>{2});
  EXPECT_EQ(pushed[0].message.rows.size(), 40U);
  OrderAt(5500, 1);  // back again
  EXPECT_EQ(NumbersOf(PushAt(6000, ManyRows())), (std::vector<std::uint32_t>{1, 2}));
  EXPECT_TRUE(PushAt(20'000, ManyRows()).empty());
}

TEST_F(GatewayFeedTest, RowsWaitForTheirOwnBatchOnly) {
  OrderAt(0, 1);
  Apply(kMilk, {kA, 1});
  const BatchId mine = node_.turn.Open();
  node_.End();
  Apply(kMilk, {kA, 2});
  auto minted = ManyRows();
  minted[3].batch = mine;
  EXPECT_EQ(PushAt(0, std::move(minted)).at(0).after, mine);
}

class GatewayFeedLogReadTest : public GatewayFeedTest {
 protected:
  Sent<LogRows> Read(std::vector<PartitionSeen> wanted) {
    feed_.OnLogRead(GatewayOf(1), {7, std::move(wanted)});
    auto rows = SentOf<LogRows>(node_.End());
    EXPECT_EQ(rows.size(), 1U);
    return std::move(rows.at(0));
  }
};

TEST_F(GatewayFeedLogReadTest, AnswersWithTheRowsOfTheDotsThatAreHere) {
  Apply(kMilk, {kA, 1});
  const BatchId open = node_.turn.Open();
  node_.End();
  crdt::SeenVector wanted;
  wanted.Add(kA, crdt::IntervalSet({1, 9}));
  const auto answer = Read({{node_.PartitionOf(kMilk), wanted}, {{{9}, {0}}, wanted}});
  EXPECT_EQ(answer.to, GatewayOf(1));
  EXPECT_EQ(answer.message.id, 7U);
  EXPECT_FALSE(answer.message.more);
  EXPECT_EQ(answer.after, open);
  ASSERT_EQ(answer.message.rows.size(), 1U);
  EXPECT_EQ(answer.message.rows[0].key, kMilk);
}

TEST_F(GatewayFeedLogReadTest, ALongAnswerIsCutAndSaysSo) {
  const auto keys = KeysOfOnePartition(node_.ring, 40);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    node_.replica.Apply({keys[i], Written({}, {kA, i + 1}, Bytes(20'000, 'v')), {}});
  }
  node_.End();
  const auto answer = Read({{node_.PartitionOf(keys[0]), node_.Seen(keys[0])}});
  EXPECT_TRUE(answer.message.more);
  EXPECT_EQ(answer.message.rows.size(), 14U);  // 256 KB
}

TEST_F(GatewayFeedLogReadTest, OrphansAreCountedAndNotShown) {
  Apply(kMilk, {kA, 1});
  node_.End();
  LocalNode damaged(1, [&] {
    MemoryDisk disk = node_.disk;
    disk.Erase(Column::kData, crdt::StorageKey(kMilk));
    return disk;
  }());
  GatewayFeed feed(damaged.ring, damaged.turn, damaged.replica);
  feed.OnLogRead(GatewayOf(1), {7, {{damaged.PartitionOf(kMilk), damaged.Seen(kMilk)}}});
  const auto rows = SentOf<LogRows>(damaged.End());
  EXPECT_TRUE(rows.at(0).message.rows.empty());
  EXPECT_EQ(rows.at(0).message.orphans, 1U);
  EXPECT_EQ(feed.orphans(), 1U);
}

}  // namespace
}  // namespace meridian::local
