#include "node/client_layout.h"

#include <gtest/gtest.h>

#include "local/view.h"
#include "support/three_regions.h"

namespace meridian::node {
namespace {

class ClientLayoutTest : public ::testing::Test {
 protected:
  ClientLayoutTest() {
    const local::View view = local::FirstView(test::ThreeRegions(), "");
    layout_ = {4, view.layout.topology, view.layout.tables.at(test::kUs)};
  }
  bool IsAccepted(RegionId region = test::kUs) const {
    return DecodeClientLayout(Encode(layout_), region).has_value();
  }

  ClientLayout layout_;
};

TEST_F(ClientLayoutTest, AWholeOneIsReadBack) {
  const auto decoded = DecodeClientLayout(Encode(layout_), test::kUs);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->view, 4U);
  EXPECT_EQ(decoded->table, layout_.table);
}

TEST_F(ClientLayoutTest, OneOfAnotherRegionIsRefused) {
  EXPECT_FALSE(IsAccepted({9})) << "which the topology does not have";
  EXPECT_FALSE(IsAccepted(test::kEu)) << "for it holds a placement that has no lists here";
}

TEST_F(ClientLayoutTest, OneWithoutListsIsRefused) {
  layout_.table = {};
  EXPECT_FALSE(IsAccepted());
}

TEST_F(ClientLayoutTest, AListThatNamesANodeWhichIsNotThereIsRefused) {
  layout_.topology.regions[0].nodes.pop_back();
  EXPECT_FALSE(IsAccepted());
}

}  // namespace
}  // namespace meridian::node
