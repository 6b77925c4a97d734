#include "node/read_status.h"

#include "support/ring_fixture.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

class ReadStatusTest : public NodeFixture {
 protected:
  const crdt::RowKey mine = KeyThat(true);
};

TEST_F(ReadStatusTest, TellsOfAsksDigestsAndRepairs) {
  Serve(At(1s), {Operation::kGet, "default", mine.key});
  const auto asked = Sent<local::ReadRow>(last);
  ASSERT_EQ(asked.size(), 1U);
  const auto& [to, read] = asked[0];
  Receive(At(1s), to, local::RowDigest{read.id, {5}});
  Receive(At(1s), to, local::RowRead{read.id, Written(mine, {kB, 1}).row});
  const nlohmann::json reads = StatusPage(At(2s))["reads"];
  EXPECT_EQ(reads["asks"], 1);
  EXPECT_EQ(reads["hedges"], 0);
  EXPECT_EQ(reads["digests_differed"], 1);
  EXPECT_EQ(reads["repairs_dropped"], 0);
  EXPECT_TRUE(reads["p95_ms"].is_object());
}

TEST_F(ReadStatusTest, RequestsThatNobodyWaitsForAreDroppedAndCounted) {
  Receive(At(1s), Node(2), local::ReadRow{4, mine, false, {1000, 50}});
  EXPECT_EQ(Sent<local::RowRead>(last).size(), 1U);
  Receive(At(2s), Node(2), local::ReadRow{5, mine, false, {1000, 50}});
  EXPECT_TRUE(Sent<local::RowRead>(last).empty());
  Receive(At(2s), Node(2), local::Replicate{6, {Written(mine, {kB, 1})}, {1000, 50}});
  MakeDurable(At(2s));
  EXPECT_TRUE(Sent<local::ReplicateAck>(last).empty());
  Serve(At(2s), {Operation::kGet, "default", mine.key, {}, {}, Level::kOne});
  EXPECT_EQ(Answer()->status, Status::kNotFound);
  EXPECT_EQ(StatusPage(At(3s))["reads"]["expired_requests_dropped"], 2);
}

}  // namespace
}  // namespace meridian::node
