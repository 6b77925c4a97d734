// A node of a real region whose disk was emptied, or is an older copy, under its old name.

#include <gtest/gtest.h>

#include "client/blocking_client.h"
#include "client/probe.h"
#include "process/cluster.h"
#include "process/forgetful_region.h"

namespace meridian::process_tests {
namespace {

using namespace std::chrono_literals;
using node::Level;
using node::Status;

class LostDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(region_.Start(ForgetfulRegion::kAll));
    auto opened = client::BlockingClient::Open(region_.topology(), {.region = region_.id()});
    ASSERT_TRUE(opened) << opened.error().message;
    client_ = std::move(*opened);
  }
  static std::string KeyOf(std::size_t number) { return "key/" + std::to_string(number); }

  void PutAll(const std::string& value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(client_->Put("synced", KeyOf(i), value, {.level = Level::kAll}).status,
                Status::kOk);
    }
  }
  // What a node answers alone.
  std::string CopyAt(std::size_t node, const std::string& key) {
    auto reader = client::BlockingClient::Open(region_.OnlyThrough(node), {.region = region_.id()});
    if (!reader) return reader.error().message;
    const node::ClientAnswer answer = (*reader)->Get("synced", key, {.level = Level::kOne});
    return answer.values.empty() ? "nothing" : answer.values[0];
  }
  bool IsFilled(std::size_t node) {
    const auto status = client::StatusOf(region_.topology().regions.front().nodes[node].http);
    return status && status->contains("filling") && (*status)["filling"].is_null();
  }
  // Asks all the time, from the start of node `node` until it is filled: no read may miss.
  void ExpectNoReadMissesUntilFilled(std::size_t node, const std::string& value) {
    std::size_t reads = 0;
    const bool filled = Eventually(
        [&] {
          for (std::size_t i = 0; i < 50; ++i, ++reads) {
            const auto answer = client_->Get("synced", KeyOf(reads % 500), {.level = Level::kOne});
            EXPECT_EQ(answer.values, std::vector<std::string>{value}) << answer.message;
          }
          return IsFilled(node) || testing::Test::HasFailure();
        },
        60s);
    EXPECT_TRUE(filled);
  }

  ForgetfulRegion region_;
  std::unique_ptr<client::BlockingClient> client_;
};

TEST_F(LostDiskTest, AnEmptyDiskIsFilledAndMissesInNoRead) {
  PutAll("value", 2000);
  region_.Kill({1});
  region_.Wipe(1);
  ASSERT_TRUE(region_.Start({1}));
  ExpectNoReadMissesUntilFilled(1, "value");
  EXPECT_TRUE(Eventually([&] { return region_.MutationsSeen(1) == region_.MutationsSeen(0); }));
  region_.Kill({0, 2});  // so nobody else can answer
  for (std::size_t i = 0; i < 2000; i += 97) EXPECT_EQ(CopyAt(1, KeyOf(i)), "value") << KeyOf(i);
}

TEST_F(LostDiskTest, ABackupIsFoundOutAndWhatWasDeletedStaysSo) {
  PutAll("old", 500);
  ASSERT_EQ(client_->Put("synced", "gone", "here", {.level = Level::kAll}).status, Status::kOk);
  region_.Kill({1});
  region_.BackUp(1);
  ASSERT_TRUE(region_.Start({1}));
  PutAll("new", 500);
  ASSERT_EQ(client_->Delete("synced", "gone", {.level = Level::kAll}).status, Status::kOk);
  // Its peers hear of its mark each second.
  ASSERT_TRUE(Eventually([&] { return region_.MutationsSeen(1) == region_.MutationsSeen(0); }));
  const auto since = std::chrono::steady_clock::now();
  ASSERT_TRUE(Eventually([&] { return std::chrono::steady_clock::now() - since > 3s; }));
  region_.Kill({1});
  region_.Restore(1);
  ASSERT_TRUE(region_.Start({1}));
  ExpectNoReadMissesUntilFilled(1, "new");
  region_.Kill({0, 2});
  for (std::size_t i = 0; i < 500; i += 41) EXPECT_EQ(CopyAt(1, KeyOf(i)), "new") << KeyOf(i);
  EXPECT_EQ(CopyAt(1, "gone"), "nothing");
}

}  // namespace
}  // namespace meridian::process_tests
