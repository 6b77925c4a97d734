#include "local/stand_ins.h"

#include <gtest/gtest.h>

namespace meridian::local {
namespace {

const PreferenceList kList{{{2}, {5}, {1}, {4}, {3}}, 3};

TEST(StandInsTest, ComeInTheListsOrderButSuspectsLastAndWithoutThoseThatAreDown) {
  Liveness liveness;
  liveness.Set({5}, PeerState::kDown);
  liveness.Set({1}, PeerState::kLeft);
  liveness.Set({4}, PeerState::kSuspect);  // may still refute it
  const Healthy healthy = HealthyOf(kList, liveness, {9});
  EXPECT_EQ(healthy.primaries, std::vector<NodeId>{{2}});
  EXPECT_EQ(healthy.fallbacks, (std::vector<NodeId>{{3}, {4}}));
  EXPECT_EQ(CountHealthy(kList, liveness, {9}, true), 3U);
  EXPECT_EQ(CountHealthy(kList, liveness, {9}, false), 1U);
}

TEST(StandInsTest, WhoAsksIsUpWhateverItIsSaidToBe) {
  Liveness liveness;
  liveness.Set({5}, PeerState::kDown);
  EXPECT_EQ(HealthyOf(kList, liveness, {5}).primaries.size(), 3U);
  EXPECT_EQ(CountHealthy(kList, liveness, {5}, false), 3U);
}

TEST(StandInsTest, AHintIsDroppedAfterWPrimariesButAtLeastAQuorum) {
  EXPECT_EQ(CopiesBeforeDrop(1, 3), 2U);
  EXPECT_EQ(CopiesBeforeDrop(2, 3), 2U);
  EXPECT_EQ(CopiesBeforeDrop(3, 3), 3U);
  EXPECT_EQ(CopiesBeforeDrop(3, 2), 2U) << "N was lowered since: more than all never come";
  EXPECT_EQ(CopiesBeforeDrop(0, 1), 1U);
}

}  // namespace
}  // namespace meridian::local
