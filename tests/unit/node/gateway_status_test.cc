// StatusJson and Metrics of node/gateway.h, which src/node/gateway_status.cc defines.

#include "node/metrics.h"
#include "support/gateway_fixture.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

class GatewayStatusTest : public GatewayFixture {
 protected:
  static const nlohmann::json& Of(const nlohmann::json& list, const char* field, const char* name) {
    for (const nlohmann::json& entry : list) {
      if (entry[field] == name) return entry;
    }
    static const nlohmann::json kNothing;
    return kNothing;
  }
};

TEST_F(GatewayStatusTest, StatusHasALagOfEveryOriginAndAViewOfEveryTarget) {
  AllReport(At(0s), Seen(kA, 1, 5));
  Extent(At(0s), kEu, Seen(kA, 1, 5));
  Tick(At(0s));
  FromGateway(At(1s), Gateway(kEu), wan::Beat{});
  const nlohmann::json status = StatusPage(At(2s));
  EXPECT_EQ(status["name"], "us-east-gw-1");
  EXPECT_EQ(status["role"], "gateway");
  EXPECT_EQ(status["ready"], true);
  ASSERT_EQ(status["lag"].size(), 2U);
  const nlohmann::json& eu = Of(status["lag"], "origin", "eu-west");
  EXPECT_EQ(eu["target"], "us-east");
  EXPECT_EQ(eu["unknown"], false);
  EXPECT_EQ(eu["seconds"], 0.0);
  const nlohmann::json& ap = Of(status["lag"], "origin", "ap-south");
  EXPECT_EQ(ap["heard"], false);
  EXPECT_EQ(ap["unknown"], true);
  EXPECT_FALSE(ap.contains("seconds")) << "no number for what is not known";

  const nlohmann::json& to_eu = Of(status["outbound"], "target", "eu-west");
  EXPECT_EQ(to_eu["alive"], true);
  EXPECT_EQ(to_eu["knows_extent"], true);
  EXPECT_EQ(to_eu["behind_mutations"], 0);
  const nlohmann::json& to_ap = Of(status["outbound"], "target", "ap-south");
  EXPECT_EQ(to_ap["alive"], false);
  EXPECT_EQ(to_ap["behind_mutations"], 5);
}

TEST_F(GatewayStatusTest, LagCountsWhatWasHeldAndWhen) {
  crdt::RowUpdate row = Written(KeyIn(ring, 0), {kB, 1}, "v", 1s);
  FromGateway(At(1200ms), Gateway(kEu), wan::Batch{55, 1, {row}});
  const std::uint64_t id = Sent<local::Replicate>(last).at(0).second.id;
  for (const std::uint32_t node : {1U, 2U})
    FromNode(At(1500ms), Node(node), local::ReplicateAck{{id}});
  const nlohmann::json status = StatusPage(At(2s));
  const nlohmann::json& eu = Of(status["lag"], "origin", "eu-west");
  EXPECT_EQ(eu["held"], 1);
  EXPECT_EQ(eu["max_ms"], 500);
}

TEST_F(GatewayStatusTest, MetricsParseAndAreLabelledByRegion) {
  FromNode(At(1s), Node(1), local::FeedRows{{Row(1)}});
  const auto set = DecodeMetrics(Ask(At(1s), Operation::kMetrics).values.at(0));
  ASSERT_TRUE(set);
  std::map<std::string, std::int64_t> seen;
  for (const Metric& metric : set->metrics) {
    EXPECT_TRUE(metric.name.starts_with("meridian_gateway_")) << metric.name;
    EXPECT_EQ(metric.kind == MetricKind::kCounter, metric.name.ends_with("_total")) << metric.name;
    std::string series = metric.name;
    for (const auto& [label, value] : metric.labels) series += " " + label + "=" + value;
    EXPECT_TRUE(seen.emplace(series, metric.value).second) << series << " twice";
  }
  EXPECT_EQ(seen.at("meridian_gateway_rows_fed_total"), 1);
  EXPECT_EQ(seen.at("meridian_gateway_ready"), 0);
  EXPECT_TRUE(seen.contains("meridian_gateway_lag_unknown origin=ap-south"));
  EXPECT_TRUE(seen.contains("meridian_gateway_waiting_bytes target=eu-west"));
}

}  // namespace
}  // namespace meridian::node
