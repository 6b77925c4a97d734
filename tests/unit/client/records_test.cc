#include "client/records.h"

#include <gtest/gtest.h>

namespace meridian::client {
namespace {

TEST(RecordsTest, AParagraphIsOneRecordUnderNameAndVersion) {
  const Bytes first =
      "Package: 0ad\nArchitecture: amd64\nVersion: 0.0.26-3\nDescription: game\n .\n";
  const Bytes second = "Package: zsh\nVersion: 5.9\n";
  const auto found = ParseRecords("\n" + first + "\n\n" + second, RecordFormat::kDpkg);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->records.size(), 2U);
  EXPECT_EQ(found->records[0], (Record{"0ad/0.0.26-3", first}));
  EXPECT_EQ(found->records[1], (Record{"zsh/5.9", second}));
  EXPECT_EQ(found->bytes, first.size() + second.size() + 12 + 7);
}

TEST(RecordsTest, AParagraphWithoutAVersionIsNamedByItsLine) {
  const auto found = ParseRecords("Package: a\nVersion: 1\n\nPackage: b\n", RecordFormat::kDpkg);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("line 4"), std::string::npos) << found.error().message;
}

TEST(RecordsTest, TheLastRecordOfAKeyReplacesTheOthers) {
  const auto found = ParseRecords("a\t1\nb\t2\na\t3\n", RecordFormat::kLines);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->duplicates, 1U);
  ASSERT_EQ(found->records.size(), 2U);
  EXPECT_EQ(found->records[0], (Record{"b", "2"}));
  EXPECT_EQ(found->records[1], (Record{"a", "3"}));
}

TEST(RecordsTest, ALineMayHaveAnEmptyValueButNotAnEmptyKey) {
  EXPECT_TRUE(ParseRecords("a\t", RecordFormat::kLines));
  EXPECT_FALSE(ParseRecords("\tvalue", RecordFormat::kLines));
  EXPECT_FALSE(ParseRecords("no tab", RecordFormat::kLines));
}

TEST(RecordsTest, JsonLinesAreObjectsOfTwoStrings) {
  const auto found =
      ParseRecords("{\"key\": \"k\", \"value\": \"a\\nb\"}\n", RecordFormat::kJsonLines);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->records[0], (Record{"k", "a\nb"}));
  for (const char* wrong : {"{", "[]", "{\"key\": 1, \"value\": \"\"}", "{\"key\": \"k\"}"}) {
    EXPECT_FALSE(ParseRecords(wrong, RecordFormat::kJsonLines)) << wrong;
  }
}

TEST(RecordsTest, NothingHasNoRecords) {
  for (const auto format : {RecordFormat::kDpkg, RecordFormat::kLines, RecordFormat::kJsonLines}) {
    const auto found = ParseRecords("", format);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->records.empty());
  }
}

}  // namespace
}  // namespace meridian::client
