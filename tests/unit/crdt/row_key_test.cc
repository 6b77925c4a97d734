#include "crdt/row_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/big_endian.h"
#include "base/codec.h"

namespace meridian::crdt {
namespace {

RowKey Key(Bytes key, Bytes element = "") {
  return {{1}, {2}, std::move(key), std::move(element)};
}

TEST(RowKeyTest, SurvivesTheStorageKey) {
  const std::vector<RowKey> keys = {Key("cart"),
                                    Key("cart", "milk"),
                                    Key(""),
                                    Key("", "x"),
                                    Key(Bytes(65535, 'k'), Bytes(3, '\0')),
                                    {{65535}, {65535}, "a\xff", "\xff"}};
  for (const RowKey& key : keys) {
    const Result<RowKey> parsed = ParseStorageKey(StorageKey(key));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, key);
  }
}

TEST(RowKeyTest, TheElementsOfAKeyFollowEachOther) {
  std::vector<Bytes> stored = {StorageKey(Key("cart", "milk")), StorageKey(Key("cart")),
                               StorageKey(Key("cart", "")), StorageKey(Key("cart", "bread"))};
  std::ranges::sort(stored);
  EXPECT_EQ(stored, (std::vector<Bytes>{StorageKey(Key("cart")), StorageKey(Key("cart")),
                                        StorageKey(Key("cart", "bread")),
                                        StorageKey(Key("cart", "milk"))}));
}

TEST(RowKeyTest, AKeyAndItsElementDoNotRunIntoEachOther) {
  EXPECT_NE(StorageKey(Key("ab", "c"), Token{7}), StorageKey(Key("a", "bc"), Token{7}));
}

TEST(RowKeyTest, RowsOfAPlacementAreInTheOrderOfTheRing) {
  std::vector<RowKey> keys;
  for (int i = 0; i < 200; ++i) keys.push_back(Key("key-" + std::to_string(i)));
  std::ranges::sort(keys, {}, [](const RowKey& key) { return StorageKey(key); });
  EXPECT_TRUE(std::ranges::is_sorted(keys, {}, &RowKey::token));
}

TEST(RowKeyTest, ParsingRefusesBytesThatAreNoRowKey) {
  const Bytes stored = StorageKey(Key("cart", "milk"));
  EXPECT_FALSE(ParseStorageKey(""));
  EXPECT_FALSE(ParseStorageKey(ByteView(stored).substr(0, 13)));
  EXPECT_FALSE(ParseStorageKey(ByteView(stored).substr(0, 14 + 3)));  // the key is cut short
}

TEST(RowKeyTest, ParsingRefusesATokenThatIsNotTheKeys) {
  EXPECT_FALSE(ParseStorageKey(StorageKey(Key("cart"), Token{Key("cart").token().value ^ 1})));
  Bytes other_space = StorageKey(Key("cart"));
  other_space[11] = 3;
  EXPECT_FALSE(ParseStorageKey(other_space));
}

TEST(RowKeyTest, ReceivingRefusesAKeyThatCouldNotBeStored) {
  EXPECT_TRUE(Decode<RowKey>(Encode(Key(Bytes(65535, 'k')))));
  EXPECT_FALSE(Decode<RowKey>(Encode(Key(Bytes(65536, 'k')))));
}

TEST(RowKeyDeathTest, StoringAKeyThatIsTooLongStopsTheProcess) {
  EXPECT_DEATH(StorageKey(Key(Bytes(65536, 'k'))), "check failed");
}

}  // namespace
}  // namespace meridian::crdt
