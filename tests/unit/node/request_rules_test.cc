#include "node/request_rules.h"

#include <gtest/gtest.h>

#include "support/three_regions.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

class RequestRulesTest : public ::testing::Test {
 protected:
  local::Ring ring{[] {
                     local::Topology topology = ThreeRegions();
                     topology.limits = {8, 16};
                     return topology;
                   }(),
                   Node(1)};
  ClientRequest request{Operation::kPut, "default", "key", "value"};

  Status StatusOfObjection() {
    const auto objection = Objection(ring, request);
    if (!objection) return Status::kOk;
    EXPECT_FALSE(objection->message.empty());
    EXPECT_FALSE(objection->maybe) << "nothing was done";
    return objection->status;
  }
};

TEST_F(RequestRulesTest, NothingIsWrongWithAnOrdinaryRequest) {
  EXPECT_EQ(StatusOfObjection(), Status::kOk);
}

TEST_F(RequestRulesTest, KeysAndValuesHaveLimits) {
  request.key = Bytes(8, 'k');
  request.value = Bytes(16, 'v');
  EXPECT_EQ(StatusOfObjection(), Status::kOk);
  request.value += 'v';
  EXPECT_EQ(StatusOfObjection(), Status::kTooLarge);
  request.value.clear();
  EXPECT_EQ(StatusOfObjection(), Status::kOk) << "an empty value is a value";
  request.key += 'k';
  EXPECT_EQ(StatusOfObjection(), Status::kTooLarge);
  request.key.clear();
  EXPECT_EQ(StatusOfObjection(), Status::kBadRequest);
}

TEST_F(RequestRulesTest, TheNamespaceMustExistAndBeHeldHere) {
  request.space = "nothing";
  EXPECT_EQ(StatusOfObjection(), Status::kBadRequest);
  request.space = "there";
  EXPECT_EQ(StatusOfObjection(), Status::kBadRequest);
  EXPECT_NE(Objection(ring, request)->message.find("us-east"), std::string::npos);
}

TEST_F(RequestRulesTest, NoMoreThanNReplicasCanBeAskedFor) {
  request.replicas = 3;
  EXPECT_EQ(StatusOfObjection(), Status::kOk);
  request.replicas = 4;
  EXPECT_EQ(StatusOfObjection(), Status::kBadRequest);
}

TEST_F(RequestRulesTest, EachQuorumGoesWithoutANumber) {
  request.level = Level::kEachQuorum;
  EXPECT_EQ(StatusOfObjection(), Status::kOk);
  request.operation = Operation::kDelete;
  EXPECT_EQ(StatusOfObjection(), Status::kOk);
  request.operation = Operation::kGet;
  EXPECT_EQ(StatusOfObjection(), Status::kOk);
  request.replicas = 1;
  EXPECT_EQ(StatusOfObjection(), Status::kBadRequest) << "one copy here is no quorum here";
}

TEST_F(RequestRulesTest, LevelsMeanNumbersUnlessANumberIsGiven) {
  const auto asked = [](Level level, std::uint8_t replicas, std::size_t primaries) {
    return ReplicasAsked({.level = level, .replicas = replicas}, primaries);
  };
  EXPECT_EQ(asked(Level::kOne, 0, 3), 1U);
  EXPECT_EQ(asked(Level::kLocalQuorum, 0, 3), 2U);
  EXPECT_EQ(asked(Level::kLocalQuorum, 0, 4), 3U);
  EXPECT_EQ(asked(Level::kLocalQuorum, 0, 1), 1U);
  EXPECT_EQ(asked(Level::kEachQuorum, 0, 5), 3U);
  EXPECT_EQ(asked(Level::kAll, 0, 3), 3U);
  EXPECT_EQ(asked(Level::kLocalQuorum, 1, 3), 1U);
}

}  // namespace
}  // namespace meridian::node
