#include "sim/epoch_checker.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "local/view.h"
#include "support/three_regions.h"

namespace meridian::sim {
namespace {

class EpochCheckerTest : public ::testing::Test {
 protected:
  static local::View ViewOf(std::uint64_t number, std::uint64_t epoch, const Bytes& text = "") {
    local::Topology topology = test::ThreeRegions();
    topology.epoch = {epoch};
    local::View view = local::FirstView(topology, text);
    view.number = number;
    return view;
  }
  static WriteBatch Storing(const local::View& view) {
    return {{1}, {{Column::kMeta, "view", EncodeVersioned(1, view)}}};
  }
  void Store(std::uint32_t node, const local::View& view) {
    checker_.OnApplied(test::Node(node), Storing(view));
  }
  std::string Said() const { return violations_.empty() ? "" : violations_.list().front(); }

  Violations violations_;
  EpochChecker checker_{violations_};
};

TEST_F(EpochCheckerTest, EverybodyMayStoreTheSameViewsInTheirOrder) {
  for (const std::uint32_t node : {1U, 2U}) {
    for (const std::uint64_t number : {1U, 2U, 4U}) Store(node, ViewOf(number, 1 + number / 2));
  }
  EXPECT_EQ(Said(), "");
}

TEST_F(EpochCheckerTest, TwoViewsOfOneNumberAreFound) {
  Store(1, ViewOf(2, 2));
  Store(2, ViewOf(2, 3));
  EXPECT_NE(Said().find("is not what others have"), std::string::npos) << Said();
}

TEST_F(EpochCheckerTest, TwoLayoutsOfOneEpochAreFound) {
  Store(1, ViewOf(2, 2));
  Store(2, ViewOf(3, 2, "another file"));
  EXPECT_NE(Said().find("has another layout of epoch 2"), std::string::npos) << Said();
}

TEST_F(EpochCheckerTest, AnEarlierEpochInALaterViewIsFound) {
  Store(1, ViewOf(2, 5));
  Store(2, ViewOf(3, 4));
  EXPECT_NE(Said().find("goes back to an earlier epoch"), std::string::npos) << Said();
}

TEST_F(EpochCheckerTest, AnEarlierViewIsFoundUnlessACrashTookTheLaterOne) {
  SimStorage disk;
  Store(1, ViewOf(2, 2));
  ASSERT_TRUE(disk.Apply(Storing(ViewOf(2, 2))));
  Store(1, ViewOf(3, 2));
  checker_.OnRestart(test::Node(1), disk);
  Store(1, ViewOf(2, 2));
  EXPECT_EQ(Said(), "");
  Store(1, ViewOf(1, 1));
  EXPECT_NE(Said().find("is stored over 2"), std::string::npos) << Said();
}

}  // namespace
}  // namespace meridian::sim
