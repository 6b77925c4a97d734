#include "node/yaml_documents.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace meridian::node {
namespace {

TEST(YamlDocumentsTest, CountsDocumentsUpToTwo) {
  EXPECT_EQ(CountDocuments(""), 0);
  EXPECT_EQ(CountDocuments("# only a comment\n"), 0);
  EXPECT_EQ(CountDocuments("a: 1\n"), 1);
  EXPECT_EQ(CountDocuments("a: 1\n---\nb: 2\n"), 2);
  EXPECT_EQ(CountDocuments("a: 1\n---\nb: 2\n---\nc: 3\n"), 2);
}

TEST(YamlDocumentsTest, TextThatTheParserDoesNotAdvanceInEnds) {
  EXPECT_EQ(CountDocuments(", wan 7109\n\nepoch: 1\n"), 2);
}

TEST(YamlDocumentsTest, TextThatIsNoYamlThrows) {
  EXPECT_THROW(CountDocuments("a: [1\n"), YAML::Exception);
}

}  // namespace
}  // namespace meridian::node
