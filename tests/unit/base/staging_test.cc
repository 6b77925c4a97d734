#include "base/staging.h"

#include <gtest/gtest.h>

#include <string>

namespace meridian {
namespace {

class StagingTest : public testing::Test {
 protected:
  void Write(const Bytes& key) {
    ASSERT_EQ(staging_.FindOrAdd(writes_, key, writes_.size()), writes_.size());
    writes_.push_back({Column::kData, key, "value"});
  }
  std::vector<Bytes> Between(ByteView from, ByteView to) const {
    std::vector<Bytes> keys;
    for (const std::size_t place : staging_.Between(writes_, from, to)) {
      keys.push_back(writes_[place].key);
    }
    return keys;
  }

  std::vector<meridian::Write> writes_;
  Staging staging_;
};

TEST_F(StagingTest, AnEmptyOneHasNothing) {
  EXPECT_TRUE(staging_.empty());
  EXPECT_FALSE(staging_.Find(writes_, "a"));
  EXPECT_TRUE(Between("", "").empty());
}

TEST_F(StagingTest, EachKeyIsFoundWhereItIsWritten) {
  for (int i = 0; i < 1000; ++i) {
    const Bytes key = "key" + std::to_string(i);
    EXPECT_FALSE(staging_.Find(writes_, key));
    Write(key);
  }
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(staging_.Find(writes_, "key" + std::to_string(i)), i);
  }
  EXPECT_FALSE(staging_.Find(writes_, "key1000"));
  EXPECT_EQ(staging_.FindOrAdd(writes_, "key7", writes_.size()), 7U);
}

TEST_F(StagingTest, PlacesAreInTheOrderOfKeys) {
  for (const char* key : {"c", "a", "d", "b"}) Write(key);
  EXPECT_EQ(Between("", ""), (std::vector<Bytes>{"a", "b", "c", "d"}));
  EXPECT_EQ(Between("b", ""), (std::vector<Bytes>{"b", "c", "d"}));
  EXPECT_EQ(Between("bb", "d"), std::vector<Bytes>{"c"});
  EXPECT_TRUE(Between("e", "").empty());
  EXPECT_TRUE(Between("d", "b").empty());
  Write("bb");
  EXPECT_EQ(Between("b", "c"), (std::vector<Bytes>{"b", "bb"})) << "one that came since, too";
}

TEST_F(StagingTest, AClearedOneBeginsAnew) {
  for (int i = 0; i < 100; ++i) Write("key" + std::to_string(i));
  staging_.Clear();
  writes_.clear();
  EXPECT_TRUE(staging_.empty());
  EXPECT_FALSE(staging_.Find(writes_, "key1"));
  Write("key1");
  EXPECT_EQ(staging_.Find(writes_, "key1"), 0U);
  EXPECT_EQ(Between("", "").size(), 1U);
}

}  // namespace
}  // namespace meridian
