#include "local/audit_verdict.h"

#include <gmock/gmock.h>

#include "support/local_node.h"

namespace meridian::local {
namespace {

using testing::IsEmpty;

constexpr crdt::Dot kOne{kA, 1};
constexpr crdt::Dot kTwo{kA, 2};
constexpr crdt::Dot kOther{kB, 1};

// A row with these versions; the print stands for the content.
RowPrint PrintOf(std::vector<VersionPrint> versions, std::vector<crdt::Dot> overwritten = {}) {
  RowPrint print;
  print.storage_key = "row";
  for (const VersionPrint& version : versions) print.context.Add(version.dot);
  for (const crdt::Dot& dot : overwritten) print.context.Add(dot);
  print.versions = std::move(versions);
  print.digest = {HashOf(Encode(print))};
  return print;
}

class AuditVerdictTest : public ::testing::Test {
 protected:
  AuditVerdictTest() {
    for (const crdt::Dot& dot : {kOne, kTwo, kOther}) all_seen.Add(dot);
  }
  // The copies of nodes 1, 2, 3...; null: none.
  std::vector<Finding> Verdict(const std::vector<const RowPrint*>& rows,
                               std::set<std::uint32_t> deviating = {}) {
    std::vector<Copy> copies;
    for (const RowPrint* row : rows) {
      const auto number = static_cast<std::uint32_t>(copies.size() + 1);
      const auto seen = seen_of.find(number);
      copies.push_back({{number},
                        row,
                        seen == seen_of.end() ? &all_seen : &seen->second,
                        deviating.contains(number)});
    }
    return Judge(copies);
  }
  static void ExpectOne(const std::vector<Finding>& findings, std::uint32_t wrong, AuditCause cause,
                        std::optional<std::uint32_t> source) {
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].wrong.value, wrong);
    EXPECT_EQ(findings[0].cause, cause) << NameOf(findings[0].cause);
    ASSERT_EQ(findings[0].source.has_value(), source.has_value());
    if (source) {
      EXPECT_NE(findings[0].source->value, wrong);
    }
  }

  crdt::SeenVector all_seen;
  std::map<std::uint32_t, crdt::SeenVector> seen_of;
  const RowPrint right = PrintOf({{kOne, {7}, true}});
};

TEST_F(AuditVerdictTest, EqualCopiesAreFine) {
  EXPECT_THAT(Verdict({&right, &right, &right}), IsEmpty());
  EXPECT_THAT(Verdict({nullptr, nullptr}), IsEmpty());
}

TEST_F(AuditVerdictTest, ARowWhoseDotWasNotSeenIsOnItsWay) {
  seen_of[2] = {};
  EXPECT_THAT(Verdict({&right, nullptr, &right}), IsEmpty());
  const RowPrint newer = PrintOf({{kTwo, {8}, true}}, {kOne});
  seen_of[2].Add(kOne);
  EXPECT_THAT(Verdict({&newer, &right, &newer}), IsEmpty());
}

TEST_F(AuditVerdictTest, ARowWhoseDotWasSeenIsMissing) {
  ExpectOne(Verdict({&right, nullptr, &right}), 2, AuditCause::kMissingRow, 1);
  ExpectOne(Verdict({nullptr, &right}), 1, AuditCause::kMissingRow, 2);
}

TEST_F(AuditVerdictTest, ATombstoneThatOthersCollectedIsNotMissing) {
  const RowPrint tombstone = PrintOf({{kOne, {7}, false}});
  EXPECT_THAT(Verdict({&tombstone, nullptr, &tombstone}), IsEmpty());
}

TEST_F(AuditVerdictTest, AVersionThatWasOverwrittenIsNotLost) {
  const RowPrint newer = PrintOf({{kTwo, {8}, true}}, {kOne});
  seen_of[1].Add(kOne);
  EXPECT_THAT(Verdict({&right, &newer, &newer}), IsEmpty()) << "1 has not heard of the newer one";
}

TEST_F(AuditVerdictTest, AVersionThatNothingOverwroteIsLost) {
  const RowPrint both = PrintOf({{kOne, {7}, true}, {kOther, {9}, true}});
  const RowPrint half = PrintOf({{kOne, {7}, true}}, {kOther});
  ExpectOne(Verdict({&both, &half, &both}), 2, AuditCause::kLostVersion, 1);
}

TEST_F(AuditVerdictTest, OfTwoContentsTheOneWhoseTreeAgreesIsRight) {
  const RowPrint rotten = PrintOf({{kOne, {8}, true}});
  ExpectOne(Verdict({&rotten, &right}, {1}), 1, AuditCause::kContent, 2);
  ExpectOne(Verdict({&rotten, &right}, {2}), 2, AuditCause::kContent, 1);
}

TEST_F(AuditVerdictTest, OfContentsThatAllTreesConfirmTheMajorityIsRight) {
  const RowPrint rotten = PrintOf({{kOne, {8}, true}});
  ExpectOne(Verdict({&right, &rotten, &right}), 2, AuditCause::kContent, 1);
  ExpectOne(Verdict({&right, &rotten, &right}, {1, 2, 3}), 2, AuditCause::kContent, 1);
}

TEST_F(AuditVerdictTest, WithoutAMajorityNothingIsTouched) {
  const RowPrint rotten = PrintOf({{kOne, {8}, true}});
  ExpectOne(Verdict({&right, &rotten}), 1, AuditCause::kUndecided, std::nullopt);
}

TEST_F(AuditVerdictTest, ARowThatCannotBeReadIsReplaced) {
  RowPrint garbage;
  garbage.storage_key = "row";
  garbage.digest = {99};
  garbage.readable = false;
  const auto findings = Verdict({&right, &right, &garbage}, {3});
  ExpectOne(findings, 3, AuditCause::kUnreadable, 1);
  EXPECT_TRUE(findings[0].replaces);
}

TEST_F(AuditVerdictTest, ARottenDotIsReplacedByWhatTheOthersHave) {
  crdt::SeenVector seen;
  seen.Add(kOne);
  seen_of = {{1, seen}, {2, seen}, {3, seen}};
  const RowPrint phantom = PrintOf({{kTwo, {8}, true}});
  const auto findings = Verdict({&right, &phantom, &right}, {2});
  ExpectOne(findings, 2, AuditCause::kContent, 1);
  EXPECT_TRUE(findings[0].replaces);
}

TEST_F(AuditVerdictTest, ARowThatNobodyElseHasOrSawIsLeftAlone) {
  seen_of = {{1, {}}, {2, {}}, {3, {}}};
  ExpectOne(Verdict({nullptr, &right, nullptr}, {2}), 2, AuditCause::kOrphan, std::nullopt);
}

TEST_F(AuditVerdictTest, EveryCauseHasAName) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kAuditCauses; ++i) {
    EXPECT_TRUE(names.insert(NameOf(static_cast<AuditCause>(i))).second);
  }
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace meridian::local
