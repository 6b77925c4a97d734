// Rule 7: a minted stamp exceeds every stamp in the stored row and in the client's token, even past
// the clock bound.
//
// The schedule that breaks otherwise: region 1's clocks are ten minutes ahead. A client writes
// there; another reads the value in region 2, whose clocks are right, and overwrites it. By clock
// time the new value is ten minutes older than the one it replaces: under `lww` it would be
// acknowledged and lose everywhere.

#include <gmock/gmock.h>

#include "sim/scenario.h"

namespace meridian::sim {
namespace {

using node::Status;
using std::chrono::minutes;
using testing::ElementsAre;

class Rule7Test : public testing::Test {
 protected:
  void SetUp() override {
    for (std::uint32_t number = 1; number <= 3; ++number) {
      s.StepClock(Scenario::Node(1, number), minutes(10));
    }
  }
  // "ahead", written in region 1; the token is what region 2 shows of it.
  Bytes WriteAhead() {
    EXPECT_EQ(s.Put(Scenario::Node(1, 1), "key", "ahead", kLast).status, Status::kOk);
    s.RunFor(std::chrono::seconds(1));
    const auto read = s.Get(Scenario::Node(2, 1), "key", kLast);
    EXPECT_THAT(read.values, ElementsAre("ahead"));
    return read.context;
  }
  void EveryRegionShows(const Bytes& value) {
    EXPECT_EQ(s.RunUntilQuiet(), "");
    for (std::uint16_t region = 1; region <= 3; ++region) {
      EXPECT_THAT(s.Get(Scenario::Node(region, 1), "key", kLast).values, ElementsAre(value));
    }
  }

  const Asking kLast{.space = "last"};
  Scenario s;
};

TEST_F(Rule7Test, WhoHasReadAValueFromAClockAheadOverwritesIt) {
  Asking with_context = kLast;
  with_context.context = WriteAhead();
  ASSERT_EQ(s.Put(Scenario::Node(2, 1), "key", "after", with_context).status, Status::kOk);
  EveryRegionShows("after");
}

TEST_F(Rule7Test, ABlindPutOverwritesWhatItsCoordinatorHolds) {
  WriteAhead();
  ASSERT_EQ(s.Put(Scenario::Node(2, 1), "key", "after", kLast).status, Status::kOk);
  EveryRegionShows("after");
}

// The coordinator has nothing of what the client read elsewhere: only the token tells the stamp.
TEST_F(Rule7Test, TheTokenCarriesTheStampToARegionThatLacksTheRow) {
  s.CutRegions(1, 3);
  s.CutRegions(2, 3);
  Asking with_context = kLast;
  with_context.context = WriteAhead();
  ASSERT_EQ(s.Get(Scenario::Node(3, 1), "key", kLast).status, Status::kNotFound);
  ASSERT_EQ(s.Put(Scenario::Node(3, 1), "key", "after", with_context).status, Status::kOk);
  s.Heal();
  EveryRegionShows("after");
}

TEST_F(Rule7Test, ADeleteByOneWhoHasReadIsADeleteEverywhere) {
  Asking with_context = kLast;
  with_context.context = WriteAhead();
  ASSERT_EQ(s.Delete(Scenario::Node(2, 1), "key", with_context).status, Status::kOk);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Get(Scenario::Node(1, 1), "key", kLast).status, Status::kNotFound);
}

}  // namespace
}  // namespace meridian::sim
