// Nodes that come and go while the ring serves: rows are where they belong afterwards, nothing that
// was acknowledged is lost, whoever crashes meanwhile.

#include "support/changing_ring.h"

namespace meridian::sim {
namespace {

using node::Status;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr int kKeysMoved = 60;

class MembersTest : public ChangingRing {
 protected:
  // Three nodes and 16 partitions a region.
  MembersTest() : ChangingRing({3, 1, 1, 2, 4}) {
    for (int i = 0; i < kKeysMoved; ++i) Put(1, i, "v" + std::to_string(i));
    s.RunFor(seconds(3));
  }

  void ExpectAllThere(std::uint32_t at) {
    for (int i = 0; i < kKeysMoved; ++i) {
      EXPECT_THAT(s.Get(Scenario::Node(1, at), Key(i)).values,
                  ElementsAre("v" + std::to_string(i)));
    }
  }
};

TEST_F(MembersTest, ANodeComesAndHasItsShare) {
  const local::Topology next = With({1, 2, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), next);
  s.RunFor(seconds(2));
  EXPECT_EQ(s.Get(Scenario::Node(1, 4), Key(1)).status, Status::kUnavailable) << "not applied yet";
  Change(next);
  EXPECT_EQ(RunUntilComplete(), "");
  EXPECT_GT(RowsOn(4), kKeysMoved / 2U) << "three quarters of the rows, roughly";
  EXPECT_EQ(RowsOn(1) + RowsOn(2) + RowsOn(3) + RowsOn(4), 3U * kKeysMoved);
  ExpectAllThere(4);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Violated(), "");
}

TEST_F(MembersTest, ANodeGoesAndItsRowsAreOnOthers) {
  const local::Topology four = With({1, 2, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), four);
  Change(four);
  ASSERT_EQ(RunUntilComplete(), "");
  Change(With({1, 3, 4}, 3));
  EXPECT_EQ(RunUntilComplete(), "");
  EXPECT_EQ(RowsOn(2), 0U);
  for (const std::uint32_t number : {1U, 3U, 4U}) EXPECT_EQ(RowsOn(number), kKeysMoved) << number;
  EXPECT_EQ(s.Get(Scenario::Node(1, 2), Key(1)).status, Status::kUnavailable) << "it has left";
  ExpectAllThere(3);
  EXPECT_EQ(s.RunUntilQuiet(), "");
}

TEST_F(MembersTest, ADeadNodeIsReplaced) {
  s.Crash(Scenario::Node(1, 2));
  const local::Topology next = With({1, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), next);
  Change(next);
  for (int i = 0; i < 60 && s.cluster().ring({1}).view() != 4; ++i) s.RunFor(seconds(1));
  ASSERT_EQ(s.cluster().ring({1}).stage(), local::Stage::kSettled);
  EXPECT_EQ(RowsOn(4), kKeysMoved);
  // It comes back after all, learns that it has left, and hands on what it has.
  s.Restart(Scenario::Node(1, 2));
  EXPECT_EQ(RunUntilComplete(), "");
  EXPECT_EQ(RowsOn(2), 0U);
  ExpectAllThere(4);
}

TEST_F(MembersTest, WritesWhileItMovesAreInBothLayoutsAndStay) {
  const local::Topology next = With({1, 2, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), next);
  Change(next);
  for (int i = 0; i < kKeysMoved; ++i) {
    const auto read = s.Get(Scenario::Node(1, 1 + static_cast<std::uint32_t>(i) % 3), Key(i));
    ASSERT_THAT(read.values, ElementsAre("v" + std::to_string(i)));
    const auto put = s.Put(Scenario::Node(1, 1 + static_cast<std::uint32_t>(i) % 3), Key(i),
                           "w" + std::to_string(i), {.context = read.context});
    ASSERT_EQ(put.status, Status::kOk) << put.message;
    EXPECT_THAT(s.Get(Scenario::Node(1, 1), Key(i)).values, ElementsAre("w" + std::to_string(i)));
    s.RunFor(milliseconds(20));
  }
  EXPECT_EQ(RunUntilComplete(), "");
  for (int i = 0; i < kKeysMoved; ++i) {
    EXPECT_THAT(s.Get(Scenario::Node(1, 4), Key(i)).values, ElementsAre("w" + std::to_string(i)));
  }
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Violated(), "");
}

TEST_F(MembersTest, ItIsTakenBackWhileItFills) {
  const local::Topology next = With({1, 2, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), next);
  s.Cut(Scenario::Node(1, 1), Scenario::Node(1, 4));  // so that it cannot be filled
  s.Cut(Scenario::Node(1, 3), Scenario::Node(1, 4));
  Change(next);
  s.RunFor(seconds(5));
  ASSERT_EQ(s.cluster().ring({1}).stage(), local::Stage::kFilling);
  const auto back = s.TakeBack(Scenario::Node(1, 3), 3);
  EXPECT_EQ(back.status, Status::kOk) << back.message;
  s.Heal();
  EXPECT_EQ(RunUntilComplete(), "");
  EXPECT_EQ(RowsOn(4), 0U);
  EXPECT_EQ(RowsOn(2), kKeysMoved);
  ExpectAllThere(2);
  EXPECT_EQ(s.RunUntilQuiet(), "");
}

// Each of them crashes after each so many milliseconds of the change; it goes on.
TEST_F(MembersTest, ACrashOfAnybodyAtAnyStepDelaysItOnly) {
  local::Topology next = With({1, 2, 3, 4}, 2);
  s.Join(Scenario::Node(1, 4), next);
  Change(next);
  for (int i = 0; i < 60; ++i) {
    const ProcessId node = Scenario::Node(1, 1 + static_cast<std::uint32_t>(i) % 4);
    s.Crash(node);
    s.RunFor(milliseconds(30));
    s.Restart(node);
    s.RunFor(milliseconds(97));
  }
  EXPECT_EQ(RunUntilComplete(), "");
  ExpectAllThere(4);
  EXPECT_EQ(s.RunUntilQuiet(), "");
  EXPECT_EQ(s.Violated(), "");
}

}  // namespace
}  // namespace meridian::sim
