#include "node/hint_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/local_node.h"

namespace meridian::node {
namespace {

TEST(HintStatusTest, TellsHowManyHowOldAndForWhom) {
  local::LocalNode node{1, {}, 5};
  local::Handover handover(node.ring, node.turn, node.replica, node.hints, node.liveness, {});
  const crdt::RowKey key = local::KeyOf("milk");
  const auto& list = *node.ring.ListOf(node.ring.PartitionOfToken(key.placement, key.token()));
  const std::string name = node.ring.topology().NameOf(node.ring.Process(list.nodes[0]));
  const HintFigures figures{node.ring, node.hints, handover, local::At(60'000).wall};
  EXPECT_EQ(HintsJson(figures)["rows"], 0);
  EXPECT_EQ(HintsJson(figures)["oldest_seconds"], 0);

  node.hints.Keep(local::At(20'000), {key, local::Written({}, {local::kA, 1}, "v"), {}}, 2,
                  {list.nodes[0]});
  const nlohmann::json json = HintsJson(figures);
  EXPECT_EQ(json["rows"], 1);
  EXPECT_EQ(json["bytes"], node.hints.total().bytes());
  EXPECT_EQ(json["oldest_seconds"], 40);
  EXPECT_EQ(json["for"][name]["rows"], 1);
  EXPECT_EQ(json["for"].size(), 1U);

  MetricSet set;
  AddHintMetrics(figures, set);
  const auto held_for =
      std::ranges::find(set.metrics, "meridian_node_hints_held_for", &Metric::name);
  ASSERT_NE(held_for, set.metrics.end());
  EXPECT_EQ(held_for->labels.at("target"), name);
  EXPECT_EQ(held_for->value, 1);
}

}  // namespace
}  // namespace meridian::node
