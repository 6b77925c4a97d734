#include "node/sizes_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/local_node.h"

namespace meridian::node {
namespace {

class SizesViewTest : public ::testing::Test {
 protected:
  SizesViewTest() {
    for (const crdt::RowKey& key : local::KeysOfOnePartition(node.ring, 3)) {
      node.replica.Apply({key, local::Written({}, {local::kA, ++sequence}, "value"), {}});
    }
    node.Sync();
  }
  ClientAnswer Ask(ByteView key) {
    return SizesAnswer(node.ring, node.replica.log(), node.turn, {}, key);
  }
  nlohmann::json Page(ByteView key) { return nlohmann::json::parse(Ask(key).values.at(0)); }

  local::LocalNode node{1};
  std::uint64_t sequence = 0;
};

TEST_F(SizesViewTest, TellsOfEveryPartitionThatIsHere) {
  const nlohmann::json page = Page("sizes");
  ASSERT_EQ(page["sizes"].size(), node.replica.log().partitions().size());
  EXPECT_EQ(page["bytes_per_second"], local::RefillOptions{}.bytes_per_second_gently);
  EXPECT_TRUE(page["next"].is_null());
  const nlohmann::json& third = page["sizes"][2];
  EXPECT_EQ(third["partition"], 2);
  EXPECT_EQ(third["rows"], 3);
  EXPECT_GT(third["bytes"], 3 * 5);
  EXPECT_EQ(page["sizes"][0]["bytes"], 0);
}

TEST_F(SizesViewTest, BeginsWhereItIsAskedTo) {
  const nlohmann::json page = Page("sizes/1/2");
  EXPECT_EQ(page["sizes"][0]["partition"], 2);
}

TEST_F(SizesViewTest, SaysNothingOfWhatIsNotWholeHere) {
  node.replica.log().MarkFilling({{1}, {2}});
  const nlohmann::json page = Page("sizes");
  ASSERT_FALSE(page["sizes"].empty());
  for (const nlohmann::json& size : page["sizes"]) {
    EXPECT_FALSE(size["placement"] == 1 && size["partition"] == 2);
  }
}

TEST_F(SizesViewTest, APlaceThatIsNoneIsRefused) {
  for (const char* key : {"sizes/", "sizes/1", "sizes/1/", "sizes/x/1", "sizes/1/70000", "sizes1/1",
                          "sizes/1/2x", "sizes/-1/2"}) {
    EXPECT_EQ(Ask(key).status, Status::kBadRequest) << key;
  }
}

}  // namespace
}  // namespace meridian::node
