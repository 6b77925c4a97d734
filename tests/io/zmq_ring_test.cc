#include "io/zmq_ring.h"

#include <gtest/gtest.h>

#include "io/loop_fixture.h"

namespace meridian::io {
namespace {

constexpr ProcessId kOne{{1}, Role::kNode, 1};
constexpr ProcessId kTwo{{1}, Role::kNode, 2};
constexpr ProcessId kNobody{{1}, Role::kNode, 9};
const std::string kOneAddress = "tcp://127.0.0.1:7811";
const std::string kTwoAddress = "tcp://127.0.0.1:7812";

class ZmqRingTest : public LoopFixture {
 protected:
  std::unique_ptr<ZmqRing> OpenOne(std::size_t queue_bytes_max = 1 << 20) {
    return Open({.self = kOne,
                 .bind = kOneAddress,
                 .peers = {{kTwo, kTwoAddress}},
                 .queue_bytes_max = queue_bytes_max},
                at_one_);
  }
  std::unique_ptr<ZmqRing> OpenTwo() {
    return Open({.self = kTwo, .bind = kTwoAddress, .peers = {{kOne, kOneAddress}}}, at_two_);
  }
  std::unique_ptr<ZmqRing> Open(ZmqRing::Options options, std::vector<Message>& inbox) {
    auto ring = ZmqRing::Open(loop_, zmq_, std::move(options),
                              [&inbox](Message message) { inbox.push_back(std::move(message)); });
    EXPECT_TRUE(ring) << ring.error().message;
    return std::move(*ring);
  }
  // Sends raw bytes to kOne as no ZmqRing would.
  void SendRaw(ByteView bytes) {
    raw_.set(zmq::sockopt::linger, 0);
    if (!raw_connected_) raw_.connect(kOneAddress);
    raw_connected_ = true;
    ASSERT_TRUE(raw_.send(zmq::buffer(bytes)));
  }

  std::vector<Message> at_one_;
  std::vector<Message> at_two_;
  zmq::socket_t raw_{zmq_, ZMQ_DEALER};
  bool raw_connected_ = false;
};

TEST_F(ZmqRingTest, MessagesOfOneTurnArriveInOrderInOneFrame) {
  const auto one = OpenOne();
  const auto two = OpenTwo();
  for (int i = 0; i < 100; ++i) one->Send({kOne, kTwo, std::to_string(i)});
  one->Flush();
  ASSERT_TRUE(RunUntil([&] { return at_two_.size() == 100; }));
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(at_two_[i].body, std::to_string(i));
  EXPECT_EQ(at_two_[0].from, kOne);
  EXPECT_EQ(at_two_[0].to, kTwo);
  EXPECT_EQ(one->counters().frames_sent, 1U);
  EXPECT_EQ(two->counters().frames_received, 1U);
}

TEST_F(ZmqRingTest, LargeBodiesArriveWhole) {
  const auto one = OpenOne(64 << 20);
  const auto two = OpenTwo();
  for (int i = 0; i < 20; ++i) one->Send({kOne, kTwo, Bytes(1 << 20, static_cast<char>('a' + i))});
  one->Flush();
  ASSERT_TRUE(RunUntil([&] { return at_two_.size() == 20; }));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(at_two_[static_cast<std::size_t>(i)].body,
              Bytes(1 << 20, static_cast<char>('a' + i)));
  }
}

TEST_F(ZmqRingTest, NothingIsLostWhenEveryFlushIsOneSmallFrame) {
  const auto one = OpenOne(64 << 20);
  const auto two = OpenTwo();
  constexpr std::size_t kMessages = 5000;  // far above the marks of the sockets
  for (std::size_t i = 0; i < kMessages; ++i) {
    one->Send({kOne, kTwo, std::to_string(i)});
    one->Flush();
  }
  ASSERT_TRUE(RunUntil([&] { return at_two_.size() == kMessages; }));
  for (std::size_t i = 0; i < kMessages; ++i) ASSERT_EQ(at_two_[i].body, std::to_string(i));
}

TEST_F(ZmqRingTest, APeerThatIsDownCostsBoundedMemoryAndNoTime) {
  const auto one = OpenOne(1 << 20);
  for (int i = 0; i < 10'000; ++i) {
    one->Send({kOne, kTwo, Bytes(1024, 'x')});
    one->Flush();
  }
  EXPECT_GT(one->counters().messages_dropped, 8'000U);
  EXPECT_EQ(one->counters().frames_sent, 0U);
}

TEST_F(ZmqRingTest, APeerThatDoesNotReadCostsBoundedMemoryAndIsReachedOnceItDoes) {
  const auto one = OpenOne(4 << 20);
  zmq::socket_t deaf(zmq_, ZMQ_ROUTER);
  deaf.set(zmq::sockopt::linger, 0);
  deaf.set(zmq::sockopt::rcvhwm, 1);
  deaf.bind(kTwoAddress);
  const auto send = [&] {
    one->Send({kOne, kTwo, Bytes(1 << 20, 'x')});
    one->Flush();
    RunReady();
  };
  send();
  ASSERT_TRUE(RunUntil([&] { return one->counters().messages_sent > 0; }));
  for (int i = 0; i < 200; ++i) send();
  EXPECT_GT(one->counters().messages_dropped, 100U);
  const auto sent = one->counters().messages_sent;
  EXPECT_LT(sent, 80U) << "32 MiB in ZeroMQ's hands, and what the kernel buffers";
  zmq::message_t part;
  EXPECT_TRUE(RunUntil([&] {
    while (deaf.recv(part, zmq::recv_flags::dontwait)) {
    }
    send();
    return one->counters().messages_sent > sent + 100;
  }));
}

TEST_F(ZmqRingTest, APeerThatStartsLateGetsWhatWasQueued) {
  const auto one = OpenOne();
  one->Send({kOne, kTwo, "early"});
  one->Flush();
  RunReady();
  const auto two = OpenTwo();
  ASSERT_TRUE(RunUntil([&] { return at_two_.size() == 1; }));
  EXPECT_EQ(at_two_[0].body, "early");
}

TEST_F(ZmqRingTest, APeerThatRestartsIsReachedAgain) {
  const auto one = OpenOne();
  auto two = OpenTwo();
  one->Send({kOne, kTwo, "before"});
  one->Flush();
  ASSERT_TRUE(RunUntil([&] { return at_two_.size() == 1; }));
  two.reset();
  // The port is free once ZeroMQ's own thread has closed the old socket.
  ASSERT_TRUE(RunUntil([&] {
    auto reopened = ZmqRing::Open(
        loop_, zmq_, {.self = kTwo, .bind = kTwoAddress, .peers = {{kOne, kOneAddress}}},
        [this](Message message) { at_two_.push_back(std::move(message)); });
    if (reopened) two = std::move(*reopened);
    return two != nullptr;
  }));
  // Messages sent into the gap may be lost, so it is told until it hears.
  ASSERT_TRUE(RunUntil([&] {
    one->Send({kOne, kTwo, "after"});
    one->Flush();
    return at_two_.size() > 1;
  }));
  EXPECT_EQ(at_two_.back().body, "after");
}

TEST_F(ZmqRingTest, CorruptFramesAreCountedAndTheNextGoodOneArrives) {
  const auto one = OpenOne();
  const std::vector<Bytes> bodies{"good"};
  const Bytes good = EncodePeerFrame({1}, kTwo, bodies);
  SendRaw("garbage");
  SendRaw(ByteView(good).substr(0, good.size() - 1));
  SendRaw("");
  SendRaw(good);
  ASSERT_TRUE(RunUntil([&] { return !at_one_.empty(); }));
  EXPECT_EQ(at_one_.size(), 1U);
  EXPECT_EQ(at_one_[0].body, "good");
  const auto& counters = one->counters();
  EXPECT_EQ(counters.frames_corrupt + counters.frames_unknown, 3U);
}

TEST_F(ZmqRingTest, FramesOfStrangersAndOfOtherVersionsAreDropped) {
  const auto one = OpenOne();
  const std::vector<Bytes> bodies{"x"};
  Bytes newer = EncodePeerFrame({1}, kTwo, bodies);
  newer[0] = 2;
  SendRaw(newer);
  SendRaw(EncodePeerFrame(1, kNobody, bodies));
  ASSERT_TRUE(RunUntil([&] { return one->counters().frames_unknown == 2; }));
  EXPECT_TRUE(at_one_.empty());
}

TEST_F(ZmqRingTest, MessagesBearTheViewOfTheirSender) {
  const auto one = OpenOne();
  const auto two = OpenTwo();
  // What waits for a connection would be of a view that is over.
  two->Send({kTwo, kOne, "hello", 4});
  two->Flush();
  ASSERT_TRUE(RunUntil([&] { return at_one_.size() == 1; }));
  two->Send({kTwo, kOne, "old", 4});
  two->Send({kTwo, kOne, "new", 5});
  two->Flush();
  ASSERT_TRUE(RunUntil([&] { return at_one_.size() == 3; }));
  EXPECT_EQ(at_one_[1].view, 4U);
  EXPECT_EQ(at_one_[2].view, 5U);
}

TEST_F(ZmqRingTest, PeersComeAndGoWhileItRuns) {
  const auto one = OpenOne();
  const auto two = OpenTwo();
  one->SetPeers({});
  one->Send({kOne, kTwo, "nobody"});
  EXPECT_EQ(one->counters().messages_dropped, 1U);
  one->SetPeers({{kTwo, kTwoAddress}});
  one->Send({kOne, kTwo, "hello"});
  one->Flush();
  ASSERT_TRUE(RunUntil([&] { return at_two_.size() == 1; }));
  EXPECT_EQ(at_two_[0].body, "hello");
}

TEST_F(ZmqRingTest, AMessageToNobodyWeKnowIsDropped) {
  const auto one = OpenOne();
  one->Send({kOne, kNobody, "hello"});
  one->Flush();
  EXPECT_EQ(one->counters().messages_dropped, 1U);
}

TEST_F(ZmqRingTest, AnAddressBeyondLoopbackIsRefusedWithTheReason) {
  const auto ring = ZmqRing::Open(
      loop_, zmq_, {.self = kOne, .bind = "tcp://0.0.0.0:7811", .peers = {}}, [](Message) {});
  ASSERT_FALSE(ring);
  EXPECT_EQ(ring.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(ring.error().message.find("loopback"), std::string::npos);
}

TEST_F(ZmqRingTest, APortInUseIsAnErrorNotAnException) {
  const auto one = OpenOne();
  const auto again =
      ZmqRing::Open(loop_, zmq_, {.self = kOne, .bind = kOneAddress, .peers = {}}, [](Message) {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace meridian::io
