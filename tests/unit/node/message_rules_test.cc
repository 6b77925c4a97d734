#include "node/message_rules.h"

#include <gtest/gtest.h>

namespace meridian::node {
namespace {

TEST(MessageRulesTest, WhatIsAckedCountsInOneViewAndWhatRepairsDoesNot) {
  local::Replicate replicate;
  replicate.id = 7;
  EXPECT_TRUE(NeedsOneView(replicate));
  replicate.id = 0;
  EXPECT_FALSE(NeedsOneView(replicate));
  EXPECT_TRUE(NeedsOneView(local::ReadRow{}));
  EXPECT_TRUE(NeedsOneView(local::SumAsk{}));
  EXPECT_FALSE(NeedsOneView(local::ViewTold{}));
}

TEST(MessageRulesTest, VotesAndViewsAreTakenWithoutRoomAndBeforeTheBeginning) {
  for (const local::RingMessage& message :
       {local::RingMessage(local::DecreeCall{}), local::RingMessage(local::ViewTold{})}) {
    EXPECT_FALSE(NeedsRoom(message));
    EXPECT_FALSE(NeedsLife(message));
  }
}

TEST(MessageRulesTest, CopiesNeedRoomAndForwardsALife) {
  EXPECT_TRUE(NeedsRoom(local::Replicate{}));
  EXPECT_TRUE(NeedsRoom(local::FillRows{}));
  EXPECT_FALSE(NeedsRoom(local::ReadRow{}));
  EXPECT_TRUE(NeedsLife(local::Forward{}));
  EXPECT_FALSE(NeedsLife(local::Replicate{}));
}

}  // namespace
}  // namespace meridian::node
