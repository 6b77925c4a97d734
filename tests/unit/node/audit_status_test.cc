#include "node/audit_status.h"

#include "support/ring_fixture.h"

namespace meridian::node {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

class AuditStatusTest : public NodeFixture {
 protected:
  const crdt::RowKey mine = KeyThat(true);
};

TEST_F(AuditStatusTest, StatusShowsTheAgeAndWhatWasFound) {
  const nlohmann::json audit = StatusPage(At(20s))["audit"];
  EXPECT_EQ(audit["age_seconds"], 20);
  EXPECT_EQ(audit["rounds"], 0);
  EXPECT_EQ(audit["running"], false);
  EXPECT_TRUE(audit["findings"].empty());
  EXPECT_TRUE(audit["repairs"].empty());
}

TEST_F(AuditStatusTest, AnAuditIsBegunByARequest) {
  Serve(At(1s), {Operation::kAudit, {}, "rebuild"});
  ASSERT_TRUE(Answer());
  EXPECT_EQ(Answer()->status, Status::kOk);
  const auto before = nlohmann::json::parse(Answer()->values.at(0));
  EXPECT_EQ(before["running"], false) << "what grows from here on is this audit's";
  EXPECT_EQ(StatusPage(At(1s))["audit"]["running"], true);
  Serve(At(1s), {Operation::kAudit, {}, "nonsense"});
  EXPECT_EQ(Answer()->status, Status::kBadRequest);
}

TEST_F(AuditStatusTest, ARepairIsCountedByItsCauseAndTold) {
  const Bytes name = crdt::StorageKey(mine);
  local::AuditRestore restore;
  restore.rows.push_back(
      {{name, {0}, local::AuditCause::kMissingRow, false}, Written(mine, {kB, 1})});
  Receive(At(1s), Node(2), restore);
  const nlohmann::json audit = StatusPage(At(2s))["audit"];
  EXPECT_EQ(audit["repairs"]["missing_row"], 1);
  ASSERT_FALSE(log.lines.empty());
  EXPECT_NE(log.lines.back().find("us-east-2"), std::string::npos) << log.lines.back();
}

}  // namespace
}  // namespace meridian::node
