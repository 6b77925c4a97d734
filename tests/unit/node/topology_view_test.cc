#include "node/topology_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "node/client_layout.h"
#include "support/succession_ring.h"

namespace meridian::node {
namespace {

nlohmann::json Shown(test::SuccessionRing& ring, std::uint32_t number) {
  const auto& member = ring.members.at(number);
  return nlohmann::json::parse(
      TopologyJson(*member.ring, *member.succession, {8, 3, 0, 0, 0}, {}, 2));
}

TEST(TopologyViewTest, ShowsTheEpochAndWhomItWaitsFor) {
  test::SuccessionRing ring(3);
  ring.Run();
  EXPECT_EQ(Shown(ring, 1)["epoch"], 1);
  EXPECT_EQ(Shown(ring, 1)["complete"], true);
  EXPECT_EQ(Shown(ring, 1)["member"], true);
  ring.Start(4, test::SuccessionRing::WithNodes(4, 2));
  EXPECT_EQ(Shown(ring, 4)["stage"], "waiting");
  EXPECT_EQ(Shown(ring, 4)["member"], false);
  ring.Order(1, Operation::kApply, test::SuccessionRing::WithNodes(4, 2), 2);
  ring.Run();
  ring.Pass(std::chrono::seconds(1));
  const nlohmann::json filling = Shown(ring, 1);
  EXPECT_EQ(filling["stage"], "filling");
  EXPECT_EQ(filling["former_epoch"], 1);
  EXPECT_EQ(filling["complete"], false);
  EXPECT_EQ(filling["moving"]["filled"], 3);
  EXPECT_EQ(filling["moving"]["handing_on"], 2);
  EXPECT_EQ(filling["awaited"], (nlohmann::json{"r1-4"}));
}

// Views of older releases may hold one.
TEST(TopologyViewTest, AFileThatIsNotUtf8IsShownAllTheSame) {
  test::SuccessionRing ring(3);
  ring.Run();
  local::View view = ring.ViewOf(1);
  ++view.number;
  view.layout.topology.epoch = {2};
  view.layout.text = "# Z\xfcrich";
  view.former = ring.ViewOf(1).layout;
  ring.members.at(1).succession->OnTold(ring.now, {view});
  EXPECT_EQ(Shown(ring, 1)["file"], "# Z\xef\xbf\xbdrich");
}

TEST(TopologyViewTest, AClientIsToldWhoServesReadsWhenThatIsNews) {
  test::SuccessionRing ring(3);
  ring.Run();
  EXPECT_TRUE(NewerLayout(*ring.members.at(1).ring, "1").empty());
  ring.Order(1, Operation::kApply, test::SuccessionRing::WithNodes(4, 2), 2);
  ring.Run();
  ring.Pass(std::chrono::seconds(1));
  const local::Ring& filling = *ring.members.at(1).ring;
  const auto told = NewerLayout(filling, "1");
  ASSERT_EQ(told.size(), 1U);
  const auto layout = Decode<ClientLayout>(told[0]);
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->view, filling.view());
  EXPECT_EQ(layout->topology.regions[0].nodes.size(), 3U) << "reads have not moved yet";
  EXPECT_TRUE(layout->table == filling.table());
}

}  // namespace
}  // namespace meridian::node
