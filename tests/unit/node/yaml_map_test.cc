#include "node/yaml_map.h"

#include <gtest/gtest.h>

namespace meridian::node {
namespace {

class YamlMapTest : public testing::Test {
 protected:
  YamlMap Open(const std::string& text) {
    return YamlMap({"thing", 1, YAML::Load(text)}, "thing", mistakes_);
  }
  std::string Told() const { return FormatMistakes("f", mistakes_); }

  std::vector<TopologyMistake> mistakes_;
};

TEST_F(YamlMapTest, AValueThatIsThereWinsOverTheDefault) {
  YamlMap map = Open("{size: 3, colour: red}");
  EXPECT_EQ(map.Number("size", {1, 9}, 5), 3U);
  EXPECT_EQ(map.Number("depth", {1, 9}, 5), 5U);
  EXPECT_EQ(map.Choice("colour", {"blue", "red"}, 0), 1U);
  EXPECT_EQ(map.Choice("shade", {"dark", "light"}, 1), 1U);
  map.Finish();
  EXPECT_EQ(Told(), "");
}

TEST_F(YamlMapTest, AWrongValueIsToldOnceAndReadAsTheDefault) {
  YamlMap map = Open("size: ten");
  EXPECT_EQ(map.Number("size", {1, 9}, 5), 5U);
  map.Finish();
  EXPECT_EQ(Told(), "f:1: thing: \"size\" is \"ten\"; it must be a whole number from 1 to 9\n");
}

TEST_F(YamlMapTest, WhatIsNoMappingIsToldOnceHoweverManyKeysAreAsked) {
  YamlMap map = Open("[1, 2]");
  map.Number("size", {1, 9});
  map.Name("name");
  map.Entries("parts", true, 10);
  map.Finish();
  EXPECT_EQ(mistakes_.size(), 1U) << Told();
}

TEST_F(YamlMapTest, EntriesKeepTheOrderAndTheLinesOfTheFile) {
  YamlMap map = Open("parts:\n  b: 1\n\n  a: 2\n");
  const std::vector<YamlEntry> parts = map.Entries("parts", true, 10);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].key, "b");
  EXPECT_EQ(parts[0].line, 2);
  EXPECT_EQ(parts[1].key, "a");
  EXPECT_EQ(parts[1].line, 4);
}

TEST_F(YamlMapTest, MoreEntriesThanAllowedAreCutAndTold) {
  YamlMap map = Open("parts: {a: 1, b: 2, c: 3}");
  EXPECT_EQ(map.Entries("parts", true, 2).size(), 2U);
  EXPECT_EQ(Told(), "f:1: thing: \"parts\" has 3 entries; at most 2 are supported\n");
}

TEST_F(YamlMapTest, SuggestsOnlyWhatIsNear) {
  EXPECT_EQ(Suggestion("htpp", {"id", "http"}), "; did you mean \"http\"?");
  EXPECT_EQ(Suggestion("replica", {"id", "replicas"}), "; did you mean \"replicas\"?");
  EXPECT_EQ(Suggestion("zz", {"id", "http"}), "");
  EXPECT_EQ(Suggestion("anything", {}), "");
}

}  // namespace
}  // namespace meridian::node
