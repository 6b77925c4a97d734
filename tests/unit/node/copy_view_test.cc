#include "node/copy_view.h"

#include "support/ring_fixture.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

class CopyViewTest : public NodeFixture {
 protected:
  nlohmann::json Ask(const Bytes& key, const std::string& space = "default") {
    Serve(At(2s), {Operation::kCopy, space, key});
    const auto answer = Answer();
    EXPECT_EQ(answer->status, Status::kOk) << answer->message;
    return nlohmann::json::parse(answer->values.at(0));
  }
  const crdt::RowKey mine = KeyThat(true);
};

TEST_F(CopyViewTest, ShowsTheCopyWithItsDotsAndWhetherItIsDurable) {
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value", {}, Level::kOne});
  const auto before = Ask(mine.key);
  ASSERT_EQ(before["copy"]["versions"].size(), 1U);
  EXPECT_EQ(before["copy"]["versions"][0]["bytes"], 5);
  EXPECT_EQ(before["copy"]["versions"][0]["deleted"], false);
  EXPECT_EQ(before["copy"]["context"].size(), 1U);
  EXPECT_EQ(before["copy"]["durable"], false);
  MakeDurable(At(1s));
  EXPECT_EQ(Ask(mine.key)["copy"]["durable"], true);
}

TEST_F(CopyViewTest, ADeletedKeyShowsItsTombstone) {
  Serve(At(1s), {Operation::kDelete, "default", mine.key, {}, {}, Level::kOne});
  EXPECT_EQ(Ask(mine.key)["copy"]["versions"][0]["deleted"], true);
}

TEST_F(CopyViewTest, AKeyNeverWrittenHasAnEmptyCopy) {
  const auto shown = Ask(mine.key);
  EXPECT_TRUE(shown["copy"]["versions"].empty());
  EXPECT_EQ(shown["primaries"], 3);
  EXPECT_EQ(shown["token"].get<std::string>().size(), 16U);
}

TEST_F(CopyViewTest, WhatCannotBeAskedIsRefused) {
  Serve(At(2s), {Operation::kCopy, "nowhere", mine.key});
  EXPECT_EQ(Answer()->status, Status::kBadRequest);
}

}  // namespace
}  // namespace meridian::node
