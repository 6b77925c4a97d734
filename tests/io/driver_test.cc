#include "io/driver.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "io/clocks.h"
#include "io/loop_fixture.h"
#include "io/scripted_machine.h"

namespace meridian::io {
namespace {

using Words = std::vector<std::string>;

constexpr ProcessId kSelf{{1}, Role::kNode, 1};
constexpr ProcessId kPeer{{1}, Role::kNode, 2};
constexpr ProcessId kFar{{2}, Role::kGateway, 1};

class RecordingTransport final : public Transport {
 public:
  void Send(Message message) override { queued.push_back(message.body); }
  void Flush() override {
    sent.insert(sent.end(), queued.begin(), queued.end());
    queued.clear();
  }
  Words queued;
  Words sent;
};

// A driver with a disk whose commits the test completes by hand, and recorded transports.
class DriverTest : public LoopFixture {
 protected:
  void Start(std::function<void(Driver::Options&)> change = nullptr) {
    Driver::Options options{.self = kSelf,
                            .apply = [this](const WriteBatch& batch) -> Result<Done> {
                              if (disk_broken_) return Fail(ErrorCode::kIo, "disk gone");
                              applied_.push_back(batch.id.value);
                              return Done{};
                            },
                            .commit = [this](BatchId up_to) { commit_requested_ = up_to; },
                            .fatal = [this](const Error& error) { fatal_ = error.message; }};
    if (change) change(options);
    driver_.emplace(loop_, machine_, std::move(options));
    driver_->UseRing(ring_);
    driver_->UseWan(wan_);
    driver_->Start();
    RunReady();
  }
  void Submit(const Bytes& body) {
    driver_->Submit(body, [this](Bytes answer) { answers_.push_back(std::move(answer)); });
  }
  void Commit(std::uint64_t up_to) {
    driver_->Committed(Done{}, {up_to});
    RunReady();
  }
  node::Status LastStatus() const { return node::DecodeAnswer(answers_.back()).value().status; }

  ScriptedMachine machine_;
  RecordingTransport ring_;
  RecordingTransport wan_;
  std::optional<Driver> driver_;
  std::vector<std::uint64_t> applied_;
  BatchId commit_requested_;
  bool disk_broken_ = false;
  std::string fatal_;
  Words answers_;
};

TEST_F(DriverTest, OneTurnTakesAllThatHasArrivedMessagesBeforeRequests) {
  Start();
  const auto turns = driver_->counters().turns;
  Submit("r1");
  driver_->Deliver({kPeer, kSelf, "m1"});
  driver_->Deliver({kPeer, kSelf, "m2"});
  Submit("r2");
  RunReady();
  EXPECT_EQ(machine_.events, (Words{"receive m1", "receive m2", "serve r1", "serve r2"}));
  EXPECT_EQ(driver_->counters().turns, turns + 1);
}

TEST_F(DriverTest, WhatWaitsForNothingLeavesInItsTurnAndTheRestWhenItsBatchIsDurable) {
  Start();
  machine_.on_serve = [this](const Request& request) {
    const BatchId batch = machine_.Put();
    machine_.Send(kSelf, kPeer, "at once");
    machine_.Send(kSelf, kPeer, "ack", batch);
    machine_.Reply(request.tag, "stored", batch);
  };
  Submit("put");
  RunReady();
  EXPECT_EQ(applied_, std::vector<std::uint64_t>{1});
  EXPECT_EQ(commit_requested_, BatchId{1});
  EXPECT_EQ(ring_.sent, Words{"at once"});
  EXPECT_TRUE(answers_.empty());
  EXPECT_EQ(driver_->held(), 2U);

  Commit(1);
  EXPECT_EQ(machine_.events.back(), "durable 1");
  EXPECT_EQ(ring_.sent, (Words{"at once", "ack"}));
  EXPECT_EQ(answers_, Words{"stored"});
  EXPECT_EQ(driver_->held(), 0U);
}

TEST_F(DriverTest, WhatWaitedIsReleasedInTheOrderOfBatchesThenOfOutput) {
  Start();
  std::uint64_t turn = 0;
  machine_.on_receive = [&](const Message& message) {
    const BatchId batch = machine_.Put();
    ++turn;
    machine_.Send(kSelf, kPeer, message.body + " a", batch);
    if (turn == 3) machine_.Send(kSelf, kPeer, "shows batch 1", {1});
    machine_.Send(kSelf, kPeer, message.body + " b", batch);
  };
  for (const char* const body : {"1", "2", "3"}) {
    driver_->Deliver({kPeer, kSelf, body});
    RunReady();
  }
  EXPECT_TRUE(ring_.sent.empty());
  Commit(2);
  EXPECT_EQ(ring_.sent, (Words{"1 a", "1 b", "shows batch 1", "2 a", "2 b"}));
  Commit(3);
  EXPECT_EQ(ring_.sent, (Words{"1 a", "1 b", "shows batch 1", "2 a", "2 b", "3 a", "3 b"}));
}

TEST_F(DriverTest, TheMachineHearsOfDurabilityBeforeItsOtherEventsAndOnce) {
  Start();
  machine_.on_receive = [this](const Message&) { machine_.Put(); };
  driver_->Deliver({kPeer, kSelf, "m"});
  RunReady();
  machine_.events.clear();
  driver_->Committed(Done{}, {1});
  driver_->Committed(Done{}, {1});
  RunReady();
  driver_->Deliver({kPeer, kSelf, "n"});
  RunReady();
  EXPECT_EQ(machine_.events, (Words{"durable 1", "receive n"}));
}

TEST_F(DriverTest, MessagesGoByRegionAndOnesToItselfComeBack) {
  Start();
  machine_.on_serve = [this](const Request& request) {
    machine_.Send(kSelf, kPeer, "near");
    machine_.Send(kSelf, kFar, "far");
    machine_.Send(kSelf, kSelf, "self");
    machine_.Reply(request.tag, "done");
  };
  Submit("go");
  RunReady();
  EXPECT_EQ(ring_.sent, Words{"near"});
  EXPECT_EQ(wan_.sent, Words{"far"});
  EXPECT_EQ(machine_.events.back(), "receive self");
}

TEST_F(DriverTest, TooManyRequestsInFlightAreToldOverloaded) {
  Start([](Driver::Options& options) { options.requests_max = 2; });
  std::vector<RequestTag> tags;
  machine_.on_serve = [&](const Request& request) { tags.push_back(request.tag); };
  for (int i = 0; i < 3; ++i) Submit("r");
  RunReady();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(LastStatus(), node::Status::kOverloaded);
  EXPECT_EQ(driver_->in_flight(), 2U);
  machine_.Reply(tags[0], "done");
  driver_->Deliver({kPeer, kSelf, "turn"});
  RunReady();
  EXPECT_EQ(answers_.back(), "done");
  Submit("r");
  RunReady();
  EXPECT_EQ(tags.size(), 3U);
  EXPECT_NE(tags[2], tags[0]);
}

TEST_F(DriverTest, TheBytesOfRequestsInFlightAreBoundedAndSmallOnesPass) {
  Start([](Driver::Options& options) { options.requests_bytes_max = 20'000; });
  std::vector<RequestTag> tags;
  machine_.on_serve = [&](const Request& request) { tags.push_back(request.tag); };
  const Bytes large(12'000, 'x');
  Submit(large);
  Submit(large);
  Submit(Bytes(4096, 'x'));
  RunReady();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(LastStatus(), node::Status::kOverloaded);
  ASSERT_EQ(tags.size(), 2U);
  machine_.Reply(tags[0], "done");
  driver_->Deliver({kPeer, kSelf, "turn"});
  RunReady();
  Submit(large);
  RunReady();
  EXPECT_EQ(tags.size(), 3U);
}

TEST_F(DriverTest, TheBytesOfMessagesOfATurnAreBounded) {
  Start([](Driver::Options& options) { options.inbox_bytes_max = 10; });
  for (int i = 0; i < 4; ++i) driver_->Deliver({kPeer, kSelf, Bytes(6, 'm')});
  EXPECT_EQ(driver_->counters().messages_dropped, 2U);
  RunReady();
  driver_->Deliver({kPeer, kSelf, "m"});
  RunReady();
  EXPECT_EQ(driver_->counters().messages, 3U);
}

TEST_F(DriverTest, ADiskThatFallsBehindRefusesRequestsThenMessages) {
  Start([](Driver::Options& options) { options.held_max = 4; });
  machine_.on_receive = [this](const Message&) {
    machine_.Send(kSelf, kPeer, "ack", machine_.Put());
  };
  for (int i = 0; i < 6; ++i) {
    driver_->Deliver({kPeer, kSelf, "m"});
    RunReady();
    if (i == 1) Submit("r");
  }
  EXPECT_EQ(LastStatus(), node::Status::kOverloaded);
  EXPECT_EQ(driver_->held(), 4U);
  EXPECT_EQ(driver_->counters().messages_dropped, 2U);
  Commit(4);
  EXPECT_EQ(ring_.sent.size(), 4U);
}

TEST_F(DriverTest, ATickComesAtTheDeadlineAndALaterOneDoesNotMoveTheTimer) {
  Start();
  const auto armings = driver_->counters().timer_armings;
  machine_.deadline = Now().monotonic + std::chrono::milliseconds(20);
  driver_->Deliver({kPeer, kSelf, "m"});
  RunReady();
  machine_.deadline += std::chrono::milliseconds(10);
  driver_->Deliver({kPeer, kSelf, "m"});
  RunReady();
  EXPECT_EQ(driver_->counters().timer_armings, armings + 1);
  const Instant due = machine_.deadline;
  ASSERT_TRUE(RunUntil([&] { return machine_.events.back() == "tick"; }));
  EXPECT_GE(Now().monotonic, due);
  EXPECT_EQ(driver_->counters().timer_armings, armings + 2);
}

TEST_F(DriverTest, AFailedApplyEndsTheProcessAndNothingOfThatTurnLeaves) {
  Start();
  machine_.on_serve = [this](const Request& request) {
    machine_.Put();
    machine_.Send(kSelf, kPeer, "lie");
    machine_.Reply(request.tag, "lie");
  };
  disk_broken_ = true;
  Submit("put");
  RunReady();
  EXPECT_EQ(fatal_, "disk gone");
  EXPECT_TRUE(ring_.sent.empty());
  EXPECT_TRUE(answers_.empty());
}

TEST_F(DriverTest, AFailedSyncEndsTheProcessAndReleasesNothing) {
  Start();
  machine_.on_serve = [this](const Request& request) {
    machine_.Reply(request.tag, "stored", machine_.Put());
  };
  Submit("put");
  RunReady();
  driver_->Committed(Fail(ErrorCode::kIo, "sync failed"), {1});
  RunReady();
  EXPECT_EQ(fatal_, "sync failed");
  EXPECT_TRUE(answers_.empty());
}

TEST_F(DriverTest, AMachineWithoutADiskMayNotWrite) {
  Start([](Driver::Options& options) {
    options.apply = nullptr;
    options.commit = nullptr;
  });
  machine_.on_receive = [this](const Message&) { machine_.Put(); };
  driver_->Deliver({kPeer, kSelf, "m"});
  EXPECT_DEATH(RunReady(), "check failed");
}

TEST_F(DriverTest, DrainingRefusesTheNewFinishesTheOldAndWaitsForTheDisk) {
  Start();
  std::optional<bool> drained;
  std::vector<RequestTag> tags;
  machine_.on_serve = [&](const Request& request) { tags.push_back(request.tag); };
  Submit("old");
  RunReady();
  driver_->Drain(Now().monotonic + std::chrono::seconds(60), [&](bool clean) { drained = clean; });
  RunReady();
  Submit("new");
  EXPECT_EQ(LastStatus(), node::Status::kUnavailable);
  EXPECT_FALSE(drained);

  machine_.Reply(tags[0], "stored", machine_.Put());
  driver_->Deliver({kPeer, kSelf, "turn"});
  RunReady();
  EXPECT_FALSE(drained);
  Commit(1);
  EXPECT_EQ(answers_.back(), "stored");
  EXPECT_EQ(drained, std::optional(true));
}

TEST_F(DriverTest, DrainingWaitsForTheMachineAndForOthers) {
  Start();
  std::optional<bool> drained;
  bool http_is_done = false;
  machine_.idle = false;  // a peer waits for it
  driver_->Drain(
      Now().monotonic + std::chrono::seconds(60), [&](bool clean) { drained = clean; },
      [&] { return http_is_done; });
  RunReady();
  EXPECT_FALSE(drained);
  machine_.idle = true;
  driver_->Deliver({kPeer, kSelf, "turn"});
  RunReady();
  EXPECT_FALSE(drained);
  http_is_done = true;
  driver_->CheckDrainedSoon();
  RunReady();
  EXPECT_EQ(drained, std::optional(true));
}

TEST_F(DriverTest, DrainingGivesUpAtItsDeadline) {
  Start();
  std::optional<bool> drained;
  Submit("never answered");
  RunReady();
  driver_->Drain(Now().monotonic + std::chrono::milliseconds(10),
                 [&](bool clean) { drained = clean; });
  ASSERT_TRUE(RunUntil([&] { return drained.has_value(); }));
  EXPECT_FALSE(*drained);
}

TEST_F(DriverTest, CommitsMayBeReportedFromAnotherThread) {
  std::thread committer;
  Start([&](Driver::Options& options) {
    options.commit = [&](BatchId up_to) {
      committer = std::thread([this, up_to] { driver_->Committed(Done{}, up_to); });
    };
  });
  machine_.on_serve = [this](const Request& request) {
    machine_.Reply(request.tag, "stored", machine_.Put());
  };
  Submit("put");
  EXPECT_TRUE(RunUntil([&] { return !answers_.empty(); }));
  committer.join();
}

}  // namespace
}  // namespace meridian::io
