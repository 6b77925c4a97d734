// What the system is for: two regions update the same value at once, and nobody's update is lost.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Status;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST(SiblingsTest, ConcurrentUpdatesOfTwoRegionsAreKeptUntilOneWriteMergesThem) {
  Scenario s;
  const ProcessId east = Scenario::Node(1, 1);
  const ProcessId west = Scenario::Node(2, 1);
  ASSERT_EQ(s.Put(east, "cart", "milk").status, Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  const auto read = s.Get(west, "cart");
  ASSERT_THAT(read.values, ElementsAre("milk"));

  const Asking with_context{.context = read.context};
  ASSERT_EQ(s.Put(east, "cart", "milk, bread", with_context).status, Status::kOk);
  ASSERT_EQ(s.Put(west, "cart", "milk, wine", with_context).status, Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  node::ClientAnswer both;
  for (std::uint16_t region = 1; region <= 3; ++region) {
    both = s.Get(Scenario::Node(region, 2), "cart");
    EXPECT_EQ(both.status, Status::kSiblings);
    EXPECT_THAT(both.values, UnorderedElementsAre("milk, bread", "milk, wine"));
  }

  const Asking merged{.context = both.context};
  ASSERT_EQ(s.Put(Scenario::Node(3, 3), "cart", "milk, bread, wine", merged).status, Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  for (std::uint16_t region = 1; region <= 3; ++region) {
    const auto one = s.Get(Scenario::Node(region, 1), "cart");
    EXPECT_EQ(one.status, Status::kOk);
    EXPECT_THAT(one.values, ElementsAre("milk, bread, wine"));
  }
  EXPECT_EQ(s.Violated(), "");
}

TEST(SiblingsTest, UpdatesOnBothSidesOfACutMeetWhenItHeals) {
  Scenario s;
  s.CutRegions(1, 2);
  s.CutRegions(1, 3);
  ASSERT_EQ(s.Put(Scenario::Node(1, 1), "cart", "milk").status, Status::kOk);
  ASSERT_EQ(s.Put(Scenario::Node(2, 1), "cart", "wine").status, Status::kOk);
  s.RunFor(std::chrono::seconds(30));
  s.Heal();
  EXPECT_EQ(s.RunUntilQuiet(), "");
  for (std::uint16_t region = 1; region <= 3; ++region) {
    EXPECT_THAT(s.Get(Scenario::Node(region, 1), "cart").values,
                UnorderedElementsAre("milk", "wine"));
  }
}

TEST(SiblingsTest, ANamespaceOfTwoRegionsStaysInThem) {
  Scenario s;
  const Asking in_pair{.space = "pair"};
  ASSERT_EQ(s.Put(Scenario::Node(1, 1), "key", "value", in_pair).status, Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_THAT(s.Get(Scenario::Node(2, 1), "key", in_pair).values, ElementsAre("value"));
  EXPECT_EQ(s.Get(Scenario::Node(3, 1), "key", in_pair).status, Status::kBadRequest);
}

}  // namespace
}  // namespace meridian::sim
