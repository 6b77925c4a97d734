#include "base/hash.h"

#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace meridian {
namespace {

Bytes FromHex(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

// Rows are stored and shipped by token: if this fails, the change is wrong, not the file.
TEST(HashTest, TokensAreTheGoldenOnes) {
  std::ifstream file(MERIDIAN_GOLDEN_DIR "/tokens.txt");
  ASSERT_TRUE(file) << "no " MERIDIAN_GOLDEN_DIR "/tokens.txt";
  int checked = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::uint16_t space = 0;
    std::string key;
    std::uint64_t token = 0;
    fields >> space >> key >> std::hex >> token;
    ASSERT_TRUE(fields) << line;
    EXPECT_EQ(TokenOf({space}, key == "-" ? Bytes() : FromHex(key)).value, token) << line;
    ++checked;
  }
  EXPECT_GE(checked, 12);
}

// Published values of XXH3-64 with seed 0, so that the golden file is not merely our own echo.
TEST(HashTest, HashIsXxh3) {
  EXPECT_EQ(HashOf(""), 0x2d06800538d394c2U);
  EXPECT_EQ(HashOf("a"), 0xe6c632b61e964e1fU);
  EXPECT_EQ(HashOf("abc"), 0x78af5f94892f3950U);
}

TEST(HashTest, TheNamespaceIsPartOfTheToken) {
  std::set<Token> tokens;
  for (std::uint16_t space = 0; space < 1000; ++space) tokens.insert(TokenOf({space}, "key"));
  EXPECT_EQ(tokens.size(), 1000U);
}

TEST(HashTest, APartitionIsTheTopBitsOfTheToken) {
  EXPECT_EQ(PartitionOf({0xabcd000000000000}, 8), PartitionId{0xab});
  EXPECT_EQ(PartitionOf({0xabcd000000000000}, 16), PartitionId{0xabcd});
  EXPECT_EQ(PartitionOf({0xffffffffffffffff}, 1), PartitionId{1});
  EXPECT_EQ(PartitionOf({0x7fffffffffffffff}, 1), PartitionId{0});
}

TEST(HashTest, OnePartitionHoldsEverything) {
  EXPECT_EQ(PartitionOf({0xffffffffffffffff}, 0), PartitionId{0});
  EXPECT_EQ(PartitionOf({0}, 0), PartitionId{0});
}

TEST(HashTest, KeysSpreadOverAllPartitions) {
  std::vector<int> counts(256);
  for (int i = 0; i < 256000; ++i) {
    ++counts.at(PartitionOf(TokenOf({1}, "user:" + std::to_string(i)), 8).value);
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 200);
}

TEST(HashDeathTest, MorePartitionsThanTheirNumbersIsABug) {
  EXPECT_DEATH(PartitionOf({0}, 17), "check failed");
}

}  // namespace
}  // namespace meridian
