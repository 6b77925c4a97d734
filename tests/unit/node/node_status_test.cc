#include "node/node_status.h"

#include <set>

#include "support/ring_fixture.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

class NodeStatusTest : public NodeFixture {
 protected:
  const crdt::RowKey mine = KeyThat(true);
};

TEST_F(NodeStatusTest, StatusSaysWhoItIsAndWhatItDid) {
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value", {}, Level::kOne});
  MakeDurable(At(1s));
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value", {}, Level::kAll});
  const nlohmann::json status = StatusPage(At(2s));
  EXPECT_EQ(status["name"], "us-east-1");
  EXPECT_EQ(status["role"], "node");
  EXPECT_EQ(status["region"], "us-east");
  EXPECT_EQ(status["epoch"], 1);
  EXPECT_EQ(status["ready"], true);
  EXPECT_EQ(status["incarnation"], node->replica().actor().incarnation());
  EXPECT_EQ(status["mutations_seen"], 2);
  EXPECT_EQ(status["puts"], 2);
  EXPECT_EQ(status["requests_waiting"], 1);
  EXPECT_EQ(status["orphaned_log_rows"], 0);
  EXPECT_EQ(status["peers"].size(), 3U);
  EXPECT_EQ(status["peers"]["us-east-2"]["state"], "alive");
}

TEST_F(NodeStatusTest, MetricsAreWellNamedAndCount) {
  Serve(At(1s), {Operation::kPut, "default", mine.key, "value", {}, Level::kOne});
  node->Receive(At(1s), {Node(2), Node(1), "\x7f"});
  Serve(At(2s), {Operation::kMetrics});
  const auto set = DecodeMetrics(Answer()->values.at(0));
  ASSERT_TRUE(set);
  std::map<std::string, std::int64_t> values;
  for (const Metric& metric : set->metrics) {
    EXPECT_TRUE(metric.name.starts_with("meridian_node_")) << metric.name;
    EXPECT_EQ(metric.kind == MetricKind::kCounter, metric.name.ends_with("_total")) << metric.name;
    EXPECT_FALSE(metric.help.empty());
    const std::string labels = metric.labels.empty() ? "" : metric.labels.begin()->second;
    EXPECT_TRUE(values.emplace(metric.name + labels, metric.value).second)
        << metric.name << " twice";
  }
  EXPECT_EQ(values.at("meridian_node_puts_total"), 1);
  EXPECT_EQ(values.at("meridian_node_rows_applied_total"), 1);
  EXPECT_EQ(values.at("meridian_node_corrupt_messages_total"), 1);
  EXPECT_EQ(values.at("meridian_node_ready"), 1);
  EXPECT_EQ(values.at("meridian_node_peer_stateus-east-2"), 0);
  EXPECT_EQ(values.at("meridian_node_audit_findings_totalcontent"), 0);
  EXPECT_EQ(values.at("meridian_node_audit_repairs_totalmissing_row"), 0);
}

}  // namespace
}  // namespace meridian::node
