// What a coordinator has to do with the process that it was before a restart: nothing.

#include "local/coordinator.h"

#include "support/coordinator_fixture.h"

namespace meridian::local {
namespace {

class CoordinatorTest : public CoordinatorFixture {
 protected:
  CoordinatorTest() { coordinator_.Start(); }
};

TEST_F(CoordinatorTest, AnAckToAnEarlierLifeDoesNotCount) {
  coordinator_.Put(At(0), PutOf("milk"));
  const std::uint64_t before = SentOf<Replicate>(node_.End())[0].message.id;
  LocalNode again(1, node_.disk);
  Coordinator coordinator(again.ring, again.turn, again.replica, again.hints, again.liveness, {});
  coordinator.Start();
  coordinator.Put(At(0), PutOf("bread"));
  coordinator.OnReplicateAck({2}, before);
  coordinator.OnReplicateAck({3}, before);
  EXPECT_TRUE(coordinator.TakeOutcomes().empty());
}

TEST_F(CoordinatorTest, AnAnswerToAnEarlierLifeIsNotTaken) {
  coordinator_.Get(At(0), GetOf(2));
  const std::uint64_t before = SentOf<ReadRow>(node_.End())[0].message.id;
  LocalNode again(1, node_.disk);
  Coordinator coordinator(again.ring, again.turn, again.replica, again.hints, again.liveness, {});
  coordinator.Start();
  coordinator.Get(At(0), GetOf(2, KeyOf("bread")));
  coordinator.OnRowRead(At(1), {2}, {before, Written({}, {kA, 1}, "milk")});
  EXPECT_TRUE(coordinator.TakeOutcomes().empty());
}

TEST_F(CoordinatorTest, NothingIsWrittenBeforeTheIncarnationIsDurable) {
  const Ring ring(SmallTopology(), NodeOf(1));
  const MemoryDisk disk;
  Turn turn(ring.self(), disk);
  Replica replica(ring, turn);
  HintStore hints(ring, turn, {});
  const Liveness liveness;
  Coordinator coordinator(ring, turn, replica, hints, liveness, {});
  replica.Start();
  replica.minter().Begin({}, 0, 0);
  coordinator.Start();
  coordinator.Put(At(0), PutOf("milk"));
  coordinator.Get(At(0), GetOf());  // its id could be drawn again
  const std::vector<Outcome> outcomes = coordinator.TakeOutcomes();
  ASSERT_EQ(outcomes.size(), 2U);
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.status, OutcomeStatus::kNotReady);
  }
  EXPECT_EQ(turn.Take().messages.size(), 0U);
  EXPECT_EQ(coordinator.in_flight(), 0U);
}

}  // namespace
}  // namespace meridian::local
