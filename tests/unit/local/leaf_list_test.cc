#include "local/leaf_list.h"

#include <gtest/gtest.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

class LeafListTest : public ::testing::Test {
 protected:
  LeafListTest() {
    for (std::uint64_t number = 1; number <= 50; ++number) {
      key.element = "e" + std::to_string(number);  // of one key, so of one leaf
      node.replica.Apply({key, Written({}, {kA, number}, "v"), {}});
    }
    node.Sync();
  }
  PageRows List(const Bytes& from, std::size_t bytes_max) {
    return ListPage(node.turn, node.replica.trees(), 2, {leaf, from}, bytes_max);
  }
  LocalNode node{1};
  crdt::RowKey key = KeyOf("milk");
  const LeafName leaf{node.PartitionOf(key),
                      static_cast<std::uint16_t>(crdt::LeafOf(key.token(), 2))};
};

TEST_F(LeafListTest, PagesAddUpToTheLeaf) {
  std::size_t rows = 0;
  Bytes from;
  do {
    const PageRows page = List(from, 200);
    ASSERT_FALSE(page.rows.empty());
    ASSERT_LT(page.rows.size(), 50U);
    rows += page.rows.size();
    from = page.to;
  } while (!from.empty());
  EXPECT_EQ(rows, 50U);
  const PageRows whole = List({}, 1'000'000);
  EXPECT_EQ(whole.rows.size(), 50U);
  EXPECT_TRUE(whole.to.empty());
  EXPECT_FALSE(whole.deviates);
}

TEST_F(LeafListTest, ALeafThatIsNotWhatItsTreeSaysDeviates) {
  node.disk.Erase(Column::kData, crdt::StorageKey(key));
  EXPECT_TRUE(List({}, 1'000'000).deviates);
}

TEST_F(LeafListTest, APrintHasNoValueButTellsValuesApart) {
  const Bytes name = crdt::StorageKey(key);
  const RowPrint one = PrintOfRow(name, crdt::EncodeRow(Written({}, {kA, 1}, "one")));
  const RowPrint two = PrintOfRow(name, crdt::EncodeRow(Written({}, {kA, 1}, "two")));
  EXPECT_TRUE(one.readable);
  EXPECT_EQ(one.versions[0].dot, two.versions[0].dot);
  EXPECT_NE(one.versions[0].print.value, two.versions[0].print.value);
  EXPECT_NE(one.digest.value, two.digest.value);
  EXPECT_FALSE(PrintOfRow(name, "garbage").readable);
}

}  // namespace
}  // namespace meridian::local
