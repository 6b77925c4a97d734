#include "client/peer_views.h"

#include <gtest/gtest.h>

namespace meridian::client {
namespace {

using nlohmann::json;

TEST(PeerViewsTest, TheLatestWhoHeardItTellsItsLoadAndTheMostWorriedItsPhi) {
  const std::map<std::string, json> statuses = {
      {"a", json::parse(R"({"peers": {"c": {"state": "suspect", "incarnation": 3, "phi": 5.5,
                            "silent_ms": 4000, "requests_waiting": 9}}})")},
      {"b", json::parse(R"({"peers": {"c": {"state": "alive", "incarnation": 4, "phi": 0.1,
                            "silent_ms": 200, "requests_waiting": 2}}})")}};
  const NodeAsSeen c = GatherViews(statuses).at("c");
  EXPECT_EQ(StatesText(c), "suspect 1, alive 1");
  EXPECT_EQ(c.incarnation, 4U);
  EXPECT_EQ(c.silent_ms, 200U);
  EXPECT_EQ(c.waiting, 2U);
  EXPECT_EQ(c.phi, 5.5);
}

TEST(PeerViewsTest, OneWordWhenAllAgree) {
  EXPECT_EQ(StatesText({.states = {{"down", 4}}}), "down");
  EXPECT_EQ(StatesText({}), "-");
}

TEST(PeerViewsTest, PagesOfOtherVersionsAreNoMistake) {
  const std::map<std::string, json> statuses = {
      {"a", json::parse(R"({"epoch": 1})")},
      {"b", json::parse(R"({"peers": [1, 2]})")},
      {"c", json::parse(R"({"peers": {"d": 7, "e": {"state": "alive", "phi": "high"}}})")}};
  const auto nodes = GatherViews(statuses);
  EXPECT_EQ(StatesText(nodes.at("d")), "-");
  EXPECT_EQ(StatesText(nodes.at("e")), "alive");
  EXPECT_FALSE(nodes.at("e").phi);
}

}  // namespace
}  // namespace meridian::client
