#include "client/topology_report.h"

#include <gmock/gmock.h>

#include "client/size_survey.h"

namespace meridian::client {
namespace {

using testing::HasSubstr;

// Partitions 0 to 3: 0 and 1 go from node 1 to 4, 2 from 2 to 4, and one copy of 3 is to be less.
class TopologyReportTest : public ::testing::Test {
 protected:
  TopologyReportTest() {
    local::RegionPlan region;
    region.id = {1};
    region.name = "here";
    region.copies = 12;
    region.moves = {{At(0), {1}, {4}}, {At(1), {1}, {4}}, {At(2), {2}, {4}}, {At(3), {3}, {}}};
    for (std::uint32_t node = 1; node <= 4; ++node) {
      region.shares.push_back({{node}, "n" + std::to_string(node), 100, 3, 3, 3});
    }
    plan.regions = {region};
    RegionSizes told{true, {}, 1'000'000};
    for (std::uint16_t p = 0; p < 4; ++p) told.bytes[At(p)] = 500'000U * (p + 1U);
    sizes[{1}] = told;
  }
  static crdt::PartitionKey At(std::uint16_t partition) { return {{1}, {partition}}; }
  nlohmann::json Json() { return PlanJson(plan, sizes)["regions"]["here"]; }

  local::TopologyPlan plan;
  PartitionSizes sizes;
};

TEST_F(TopologyReportTest, BytesAreToldForEachWayAndInAll) {
  const nlohmann::json json = Json();
  EXPECT_EQ(json["bytes_moving"], 3'000'000);
  EXPECT_EQ(json["flows"][0]["from"], "n1");
  EXPECT_EQ(json["flows"][0]["bytes"], 1'500'000);
  EXPECT_EQ(json["flows"][1]["bytes"], 1'500'000);
  EXPECT_EQ(json["partitions"][1]["bytes"], 1'000'000);
  EXPECT_EQ(json["partitions"][3]["bytes"], 0) << "nobody gets it";
  EXPECT_THAT(PlanText(plan, sizes), HasSubstr("about 3.0 MB; at least 3.0 s, at 1.0 MB/s"));
}

TEST_F(TopologyReportTest, TheTimeIsThatOfTheNodeThatGainsMost) {
  plan.regions[0].moves[2].to = {3};
  EXPECT_EQ(Json()["seconds_at_least"], 1.5);
}

TEST_F(TopologyReportTest, WithoutAnAnswerItSaysThatNobodyAnswered) {
  sizes.clear();
  EXPECT_THAT(PlanText(plan, sizes), HasSubstr("bytes unknown: no node of here answered"));
  EXPECT_TRUE(Json()["bytes_moving"].is_null());
  EXPECT_TRUE(Json()["seconds_at_least"].is_null());
  EXPECT_TRUE(Json()["partitions"][0]["bytes"].is_null());
}

TEST_F(TopologyReportTest, APartitionThatNobodyToldOfMakesTheSumUnknown) {
  sizes[{1}].bytes.erase(At(1));
  EXPECT_THAT(PlanText(plan, sizes), HasSubstr("nobody who holds them answered"));
  EXPECT_TRUE(Json()["bytes_moving"].is_null());
  EXPECT_EQ(Json()["flows"][1]["bytes"], 1'500'000) << "this way is known";
}

TEST(SizeSurveyTest, PagesAreAddedAndTheLargerFigureCounts) {
  RegionSizes sizes;
  EXPECT_EQ(AddPage(R"({"sizes": [{"placement": 1, "partition": 7, "rows": 2, "bytes": 90}],
                        "next": "1/9", "bytes_per_second": 24})",
                    sizes),
            (crdt::PartitionKey{{1}, {9}}));
  EXPECT_EQ(AddPage(R"({"sizes": [{"placement": 1, "partition": 7, "bytes": 80},
                                  {"placement": 2, "partition": 0, "bytes": 5}], "next": null})",
                    sizes),
            std::nullopt);
  EXPECT_EQ(sizes.bytes.at({{1}, {7}}), 90U);
  EXPECT_EQ(sizes.bytes.at({{2}, {0}}), 5U);
  EXPECT_EQ(sizes.bytes_per_second, 24U);
}

TEST(SizeSurveyTest, WhatIsNoPageIsNoAnswer) {
  RegionSizes sizes;
  for (const char* body : {"", "[]", "{}", R"({"sizes": 3, "next": "1/2"})", "not json"}) {
    EXPECT_EQ(AddPage(body, sizes), std::nullopt) << body;
  }
  EXPECT_FALSE(sizes.answered);
}

TEST(SizeSurveyTest, APageLeadsToAPlaceOrNowhere) {
  for (const char* next : {"../../ns/default/kv/x", "1/9?x", "1/9 HTTP/1.1", "70000/1", ""}) {
    RegionSizes sizes;
    const std::string body = R"({"sizes": [], "next": ")" + std::string(next) + "\"}";
    EXPECT_EQ(AddPage(body, sizes), std::nullopt) << body;
    EXPECT_TRUE(sizes.answered);
  }
}

}  // namespace
}  // namespace meridian::client
