#include "local/replica.h"

#include <gtest/gtest.h>

#include <set>

#include "local/log_keys.h"
#include "support/local_node.h"

namespace meridian::local {
namespace {

class ReplicaTest : public testing::Test {
 protected:
  bool Apply(const crdt::Row& row, std::vector<crdt::Dot> listed = {}) {
    return node_.replica.Apply({kMilk, row, std::move(listed)});
  }
  bool Seen(crdt::Dot dot) const { return node_.Seen(kMilk).Contains(dot); }
  const ReplicaCounters& Counters() const { return node_.replica.counters(); }

  LocalNode node_{1};
};

TEST_F(ReplicaTest, WritesDataAndLogInOneBatch) {
  ASSERT_TRUE(Apply(Written({}, {kA, 1}, "milk")));
  const Output output = node_.End();
  ASSERT_EQ(output.writes.writes.size(), 2U);
  EXPECT_EQ(node_.disk.Count(Column::kData), 1U);
  EXPECT_EQ(node_.disk.Count(Column::kLog), 1U);
  EXPECT_EQ(ValuesOf(node_.Read(kMilk)), std::vector<Bytes>{"milk"});
}

TEST_F(ReplicaTest, ReadsWhatWasAppliedInTheSameTurn) {
  EXPECT_TRUE(node_.Read(kMilk).context.empty());
  Apply(Written({}, {kA, 1}, "milk"));
  Apply(Written({}, {kB, 1}, "bread"));
  EXPECT_EQ(ValuesOf(node_.Read(kMilk)), (std::vector<Bytes>{"bread", "milk"}));
}

TEST_F(ReplicaTest, ARowThatIsTooLargeToCacheIsNotReadFromTheCache) {
  Apply(Written({}, {kA, 1}, "small"));
  const crdt::Row row = node_.Read(kMilk);
  Apply(Written(row, {kA, 2}, Bytes(100'000, 'x'), row.context));
  EXPECT_EQ(node_.Read(kMilk).versions[0].value->size(), 100'000U);
}

TEST_F(ReplicaTest, ApplyingTwiceIsApplyingOnce) {
  const crdt::Row row = Written({}, {kA, 1}, "milk");
  Apply(row, {});
  node_.End();
  EXPECT_TRUE(Apply(row, {}));
  EXPECT_TRUE(node_.End().writes.writes.empty());
  EXPECT_EQ(Counters().rows_applied, 1U);
  EXPECT_EQ(Counters().rows_known, 1U);
}

TEST_F(ReplicaTest, ARottenCopyOfAnotherNodeIsNotCaught) {
  std::uint64_t sequence = 0;
  for (const crdt::RowKey& key : {KeyOf("milk"), KeyOf("milk", kLast)}) {
    const PartitionKey partition = node_.PartitionOf(key);
    crdt::Row row = Written({}, {kA, ++sequence}, "milk");
    node_.replica.Apply({key, row, {}});
    node_.End();
    const std::uint64_t root = node_.replica.trees().RootOf(partition);
    row.versions[0].value = "silk";
    EXPECT_TRUE(node_.replica.Apply({key, row, {}}));
    EXPECT_TRUE(node_.End().writes.writes.empty());
    EXPECT_EQ(ValuesOf(node_.Read(key)), std::vector<Bytes>{"milk"});
    EXPECT_EQ(node_.replica.trees().RootOf(partition), root);
  }
}

TEST_F(ReplicaTest, TheOrderOfArrivalDoesNotMatter) {
  const crdt::Row one = Written({}, {kA, 1}, "milk");
  const crdt::Row two = Written(one, {kB, 1}, "bread", one.context);
  const crdt::Row three = Written(one, {kA, 2}, "tea");
  const std::vector<crdt::RowUpdate> updates = {
      {kMilk, one, {}}, {kMilk, two, {{kA, 1}}}, {kMilk, three, {}}};
  std::vector<std::size_t> order = {0, 1, 2};
  std::set<Bytes> ends;
  do {
    LocalNode node(2);
    for (const std::size_t i : order) node.replica.Apply(updates[i]);
    ends.insert(crdt::EncodeRow(node.Read(kMilk)) + Encode(node.Seen(kMilk)));
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(ends.size(), 1U);
}

TEST_F(ReplicaTest, ARowOfAnotherNodeIsRefused) {
  LocalNode node(1, {}, 5);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    const crdt::RowKey key = KeyOf("key" + std::to_string(i));
    const bool mine = node.ring.IsMine(node.PartitionOf(key));
    EXPECT_EQ(node.replica.Apply({key, Written({}, {kA, i}, "v"), {}}), mine);
    EXPECT_EQ(node.Read(key).versions.size(), mine ? 1U : 0U);
  }
  EXPECT_GT(node.replica.counters().rows_refused, 0U);
}

TEST_F(ReplicaTest, AnUnknownPlacementIsRefused) {
  crdt::RowKey key = kMilk;
  key.placement = {9};
  EXPECT_FALSE(node_.replica.Apply({key, Written({}, {kA, 1}, "v"), {}}));
}

TEST_F(ReplicaTest, LwwKeepsTheLastAndMarksBoth) {
  const crdt::RowKey key = KeyOf("milk", kLast);
  node_.replica.Apply({key, Written({}, {kA, 5}, "late"), {}});
  node_.replica.Apply({key, Written({}, {kB, 2}, "early"), {}});
  EXPECT_EQ(ValuesOf(node_.Read(key)), std::vector<Bytes>{"late"});
  EXPECT_TRUE(node_.Seen(key).Contains({kB, 2}));
}

// Rule 3.
TEST_F(ReplicaTest, MarksExactlyTheListedDotsAndThoseOfTheVersions) {
  crdt::Row row = Written({}, {kA, 9}, "milk");
  row = Written(row, {kB, 4}, "bread", row.context);  // context {A:9 B:4}, version B:4
  Apply(row, {{kA, 7}});
  node_.End();
  EXPECT_EQ(node_.Seen(kMilk).ToString(),
            meridian::ToString(kA) + ": 7  " + meridian::ToString(kB) + ": 4");
  EXPECT_EQ(node_.disk.Count(Column::kLog), 2U);
  EXPECT_FALSE(Seen({kA, 9})) << "marked from a context";
}

TEST_F(ReplicaTest, DotsListedForARowThatIsKnownAreStillMarked) {
  const crdt::Row old = Written({}, {kA, 1}, "milk");
  const crdt::Row row = Written(old, {kB, 1}, "bread", old.context);
  Apply(row);
  node_.Sync();
  Apply(row, {{kA, 1}});
  EXPECT_TRUE(Seen({kA, 1}));
  EXPECT_EQ(node_.replica.DurabilityOf(kMilk.token()), node_.turn.Open());
}

// Rule 4.
TEST_F(ReplicaTest, AVersionThatWasSeenAndOverwrittenDoesNotComeBack) {
  const crdt::Row old = Written({}, {kA, 1}, "milk");
  Apply(old);
  // Overwritten, and the context forgot it: as after a collection.
  const Bytes storage_key = crdt::StorageKey(kMilk);
  node_.End();
  MemoryDisk collected = node_.disk;
  collected.Erase(Column::kData, storage_key);
  LocalNode again(1, collected);
  EXPECT_TRUE(again.replica.Apply({kMilk, Written(old, {kB, 1}, "bread"), {}}));
  EXPECT_EQ(ValuesOf(again.Read(kMilk)), std::vector<Bytes>{"bread"});
  EXPECT_EQ(again.replica.counters().versions_dropped, 1U);
}

TEST_F(ReplicaTest, AVersionThatIsStillHeldIsNotDropped) {
  const crdt::Row old = Written({}, {kA, 1}, "milk");
  Apply(old);
  Apply(Written(old, {kB, 1}, "bread"));
  EXPECT_EQ(ValuesOf(node_.Read(kMilk)), (std::vector<Bytes>{"bread", "milk"}));
  EXPECT_EQ(Counters().versions_dropped, 0U);
}

// Several copies lost a version each: the first of those here is not among what is given.
TEST_F(ReplicaTest, ARowThatIsMendedHasEveryVersionOnce) {
  const crdt::Row old = Written({}, {kA, 1}, "milk");
  const crdt::Row both = Written(old, {kB, 1}, "bread");
  Apply(both);
  node_.End();
  const Bytes storage_key = crdt::StorageKey(kMilk);
  const auto stored = node_.disk.Get(Column::kData, storage_key);
  ASSERT_TRUE(stored && *stored);
  crdt::Row lost = both;
  std::erase_if(lost.versions, [](const crdt::Version& v) { return v.dot == crdt::Dot{kA, 1}; });
  ASSERT_EQ(lost.versions.size(), 1U);
  ASSERT_TRUE(node_.replica.Restore({kMilk, lost, {}}, HashOf(**stored), false));
  node_.End();
  const auto mended = crdt::DecodeRow(**node_.disk.Get(Column::kData, storage_key));
  ASSERT_TRUE(mended) << mended.error().message;
  EXPECT_EQ(mended->versions, both.versions);
}

// A page of rows of one partition, in the order of their keys.
class AbsentRowsTest : public testing::Test {
 protected:
  AbsentRowsTest() {
    for (const crdt::RowKey& key : KeysOfOnePartition(node_.ring, 100)) {
      page_.push_back({key, Written({}, {kA, page_.size() + 1}, "v"), {}});
    }
    std::ranges::sort(page_, {}, [](const auto& row) { return crdt::StorageKey(row.key); });
  }
  std::vector<crdt::RowUpdate> Every(std::size_t step) const {
    std::vector<crdt::RowUpdate> rows;
    for (std::size_t i = 0; i < page_.size(); i += step) rows.push_back(page_[i]);
    return rows;
  }

  LocalNode node_{1};
  std::vector<crdt::RowUpdate> page_;
};

TEST_F(AbsentRowsTest, AreThoseThatNeitherTheDiskNorTheTurnHas) {
  for (const std::size_t i : {0U, 7U, 8U, 99U}) node_.replica.Apply(page_[i]);
  node_.End();
  for (const std::size_t i : {1U, 50U, 98U}) node_.replica.Apply(page_[i]);
  const std::vector<bool> absent = node_.replica.AbsentOf(page_);
  for (const std::size_t i : {0U, 1U, 7U, 8U, 50U, 98U, 99U}) EXPECT_FALSE(absent[i]) << i;
  EXPECT_EQ(std::ranges::count(absent, true), 93);
}

TEST_F(AbsentRowsTest, AreAllOfAnEmptyPartition) {
  EXPECT_EQ(std::ranges::count(node_.replica.AbsentOf(page_), true), 100);
}

TEST_F(AbsentRowsTest, AreNotLookedForAmongManyOthers) {
  for (std::size_t i = 0; i < page_.size(); ++i) {
    if (i % 10 != 0) node_.replica.Apply(page_[i]);
  }
  node_.End();
  EXPECT_EQ(std::ranges::count(node_.replica.AbsentOf(Every(10)), true), 3) << "of ten";
}

TEST_F(AbsentRowsTest, AreNotKnownWhenTheRowsAreInNoOrder) {
  std::swap(page_[3], page_[4]);
  EXPECT_EQ(std::ranges::count(node_.replica.AbsentOf(page_), true), 0);
  EXPECT_TRUE(node_.replica.AbsentOf({}).empty());
}

TEST_F(ReplicaTest, AChangedRowIsShownOnlyWhenDurable) {
  EXPECT_EQ(node_.replica.DurabilityOf(kMilk.token()), BatchId{});
  Apply(Written({}, {kA, 1}, "milk"));
  const BatchId open = node_.turn.Open();
  EXPECT_EQ(node_.replica.DurabilityOf(kMilk.token()), open);
  node_.End();
  EXPECT_EQ(node_.replica.DurabilityOf(kMilk.token()), open);
  Apply(Written({}, {kA, 1}, "milk"));  // a repeat waits for the first
  EXPECT_EQ(node_.replica.DurabilityOf(kMilk.token()), open);
  node_.Sync();
  EXPECT_EQ(node_.replica.DurabilityOf(kMilk.token()), BatchId{});
}

}  // namespace
}  // namespace meridian::local
