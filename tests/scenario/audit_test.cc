// The Merkle audit: what a disk did to a copy behind its node's back is found and put right from
// the others, and what is merely on its way is none of its business.

#include <gmock/gmock.h>

#include "crdt/row_key.h"
#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Level;
using node::Status;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    for (const char* key : {"bread", "eggs", "milk"}) {
      EXPECT_EQ(s.Put(victim, key, Bytes("value of ") + key, {.level = Level::kAll}).status,
                Status::kOk);
    }
    EXPECT_EQ(s.RunUntilQuiet(), "");
    before = s.Stored(victim, "milk").value();
  }
  void ExpectHealed() {
    EXPECT_EQ(s.Stored(victim, "milk"), before);
    EXPECT_EQ(s.RunUntilQuiet(), "");
    const Scenario::Found after = s.Audit(1);
    EXPECT_EQ(s.Audit(1), after) << "nothing is left to be found";
  }

  Scenario s;
  const ProcessId victim = Scenario::Node(1, 2);
  Bytes before;
};

Bytes WithAnotherValue(const Bytes& row) {
  crdt::Row altered = crdt::DecodeRow(row).value();
  altered.versions.at(0).value = "rotten";
  return crdt::EncodeRow(altered);
}

TEST_F(AuditTest, AHealthyRingHasNothingToFind) {
  EXPECT_THAT(s.Audit(1), IsEmpty());
}

TEST_F(AuditTest, AnAlteredValueIsFoundAndHealed) {
  s.AlterRow(victim, "milk", WithAnotherValue);
  EXPECT_THAT(s.Audit(1), ElementsAre(Pair("found content", 1), Pair("mended content", 1)));
  ExpectHealed();
}

TEST_F(AuditTest, AnAlteredValueIsFoundAfterARestartToo) {
  s.AlterRow(victim, "milk", WithAnotherValue);
  s.Crash(victim);
  s.Restart(victim);
  s.RunFor(seconds(2));
  EXPECT_EQ(s.Audit(1)["mended content"], 1U);
  ExpectHealed();
}

TEST_F(AuditTest, ARowThatVanishedIsFoundAndHealed) {
  s.AlterRow(victim, "milk", [](const Bytes&) { return Bytes(); });
  EXPECT_THAT(s.Audit(1), ElementsAre(Pair("found missing_row", 1), Pair("mended missing_row", 1)));
  ExpectHealed();
}

TEST_F(AuditTest, BytesThatAreNoRowAreFoundByTheFirstReadAndNeverAnsweredWith) {
  s.Crash(victim);  // its cache has the row
  s.AlterRow(victim, "milk", [](const Bytes&) { return Bytes("\xff\xff\xff garbage"); });
  s.Restart(victim);
  s.RunFor(seconds(2));
  EXPECT_THAT(s.Get(victim, "milk").values, ElementsAre("value of milk"));
  s.RunFor(seconds(1));
  EXPECT_EQ(s.Stored(victim, "milk"), before) << "no audit was asked for";
}

TEST_F(AuditTest, TheRebuildCheckFindsItByItselfInTime) {
  s.AlterRow(victim, "eggs", WithAnotherValue);
  const auto rotten = s.Stored(victim, "eggs");
  s.RunFor(seconds(10));
  EXPECT_NE(s.Stored(victim, "eggs"), rotten);
}

TEST_F(AuditTest, AReplicaThatIsBehindHasLostNothing) {
  s.Cut(Scenario::Node(1, 1), Scenario::Node(1, 3));
  s.Cut(Scenario::Node(1, 2), Scenario::Node(1, 3));
  ASSERT_EQ(s.Put(Scenario::Node(1, 1), "milk", "newer").status, Status::kOk);
  s.Heal();
  EXPECT_THAT(s.Audit(1), IsEmpty());
}

TEST_F(AuditTest, AnOverwrittenVersionThatOneReplicaStillHasIsNotBroughtBack) {
  const Bytes context = s.Get(victim, "milk").context;
  s.Cut(Scenario::Node(1, 1), Scenario::Node(1, 3));
  s.Cut(Scenario::Node(1, 2), Scenario::Node(1, 3));
  ASSERT_EQ(s.Delete(Scenario::Node(1, 1), "milk", {.context = context}).status, Status::kOk);
  EXPECT_THAT(s.Audit(1), IsEmpty());
  s.Heal();
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Get(victim, "milk").status, Status::kNotFound);
  EXPECT_THAT(s.Audit(1), IsEmpty());
}

}  // namespace
}  // namespace meridian::sim
