#include "io/wan_link.h"

#include <gtest/gtest.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <memory>

#include "io/wan_emulator.h"
#include "io/wan_frame.h"
#include "io/zstd_stream.h"
#include "run_until.h"

namespace meridian::io {
namespace {

constexpr ProcessId kUs{{1}, Role::kGateway, 1};
constexpr ProcessId kEu{{2}, Role::kGateway, 1};
constexpr ProcessId kStranger{{9}, Role::kGateway, 1};

// A gateway that is nothing but its link.
struct Gateway {
  Gateway(asio::io_context& io, WanLink::Options options)
      : link(
            io, std::move(options), [this](Message message) { got.push_back(std::move(message)); },
            Random(7), log) {}

  LinkFigures figures() const { return link.Figures().at(0); }

  MemoryLog log;
  std::vector<Message> got;
  WanLink link;
};

// A port of loopback that is free, for a listener that is to come back on it.
std::uint16_t FreePort(asio::io_context& io) {
  tcp::acceptor acceptor(io);
  EXPECT_TRUE(Listen(acceptor, {}));
  return acceptor.local_endpoint().port();
}

class WanLinkTest : public testing::Test {
 protected:
  std::unique_ptr<Gateway> Start(ProcessId self, ProcessId peer, std::uint16_t listen,
                                 std::uint16_t dial,
                                 std::size_t queue_bytes_max = std::size_t{32} << 20) {
    auto gateway = std::make_unique<Gateway>(
        io_, WanLink::Options{.self = self,
                              .epoch = Epoch{1},
                              .listen = {"127.0.0.1", listen},
                              .peers = {{peer, Endpoint{"127.0.0.1", dial}}},
                              .queue_bytes_max = queue_bytes_max});
    const Result<Done> started = gateway->link.Start();
    EXPECT_TRUE(started) << started.error().message;
    return gateway;
  }
  std::unique_ptr<Gateway> StartUs() { return Start(kUs, kEu, us_port_, eu_port_); }
  std::unique_ptr<Gateway> StartEu() { return Start(kEu, kUs, eu_port_, us_port_); }

  // Says these bytes to the gateway at `port`, and gives what it answers until it closes.
  Bytes Say(std::uint16_t port, const Bytes& bytes) {
    tcp::socket socket(io_);
    socket.connect({asio::ip::address_v4::loopback(), port});
    asio::write(socket, asio::buffer(bytes));
    Bytes answer(16, '\0');
    bool closed = false;
    asio::async_read(socket, asio::buffer(answer), [&](const auto&, std::size_t size) {
      answer.resize(size);
      closed = true;
    });
    EXPECT_TRUE(RunUntil(io_, [&] { return closed; })) << "the gateway did not close";
    return answer;
  }
  // The same as the gateway in us-east that sends `frames` after its hello.
  Bytes SayFrames(std::uint16_t port, const Bytes& frames) {
    return Say(port, EncodeHello({kUs, kEu, Epoch{1}}) + frames);
  }
  static Bytes Frame(const Bytes& plain) {
    Bytes wire;
    Compressor().Compress(plain, wire);
    return EncodeFrameLength(wire.size()) + wire;
  }

  asio::io_context io_;
  std::uint16_t us_port_ = FreePort(io_);
  std::uint16_t eu_port_ = FreePort(io_);
};

TEST_F(WanLinkTest, MessagesArriveBothWaysInOrderAndFiguresAddUp) {
  const auto us = StartUs();
  const auto eu = StartEu();
  ASSERT_TRUE(RunUntil(io_, [&] { return us->figures().connected && eu->figures().connected; }));
  for (int i = 0; i < 1000; ++i) {
    us->link.Send({kUs, kEu, "to eu " + std::to_string(i)});
    eu->link.Send({kEu, kUs, "to us " + std::to_string(i)});
    if (i % 10 == 9) us->link.Flush();
  }
  eu->link.Flush();
  ASSERT_TRUE(RunUntil(io_, [&] { return us->got.size() == 1000 && eu->got.size() == 1000; }));
  for (std::size_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(eu->got[i].body, "to eu " + std::to_string(i));
    ASSERT_EQ(us->got[i].body, "to us " + std::to_string(i));
  }
  EXPECT_EQ(eu->got[0].from, kUs);
  EXPECT_EQ(eu->got[0].to, kEu);
  // The last write may be told as complete after its content has arrived.
  ASSERT_TRUE(
      RunUntil(io_, [&] { return us->figures().bytes_sent >= eu->figures().bytes_received; }));
  const LinkFigures sent = us->figures();
  const LinkFigures received = eu->figures();
  EXPECT_EQ(sent.peer, kEu);
  EXPECT_EQ(sent.messages_sent, 1000U);
  EXPECT_EQ(received.messages_received, 1000U);
  EXPECT_EQ(received.plain_bytes_received, sent.plain_bytes_sent);
  EXPECT_EQ(received.bytes_received, sent.bytes_sent);
  EXPECT_LT(sent.bytes_sent, sent.plain_bytes_sent);
  EXPECT_EQ(sent.drops, 0U);
  EXPECT_EQ(sent.queued_bytes, 0U);
  EXPECT_EQ(sent.reconnects, 0U);
}

TEST_F(WanLinkTest, ATurnOfRandomValuesCostsHardlyMoreThanItsBytes) {
  const auto us = StartUs();
  const auto eu = StartEu();
  ASSERT_TRUE(RunUntil(io_, [&] { return us->figures().connected; }));
  Random random(5);
  for (std::size_t turn = 1; turn <= 100; ++turn) {
    for (int i = 0; i < 10; ++i) {
      Bytes body(116, '\0');
      for (char& byte : body) byte = static_cast<char>(random.Next());
      us->link.Send({kUs, kEu, std::move(body)});
    }
    us->link.Flush();
    ASSERT_TRUE(RunUntil(io_, [&] { return eu->got.size() == 10 * turn; }));
  }
  EXPECT_LT(static_cast<double>(us->figures().bytes_sent), 1.02 * 116 * 1000);
}

TEST_F(WanLinkTest, LargeMessagesArriveAndTooLargeOnesAreDropped) {
  const auto us = StartUs();
  const auto eu = StartEu();
  ASSERT_TRUE(RunUntil(io_, [&] { return us->figures().connected; }));
  Bytes large(kWanMessageBytesMax, '\0');
  Random random(6);
  for (char& byte : large) byte = static_cast<char>(random.Next());
  us->link.Send({kUs, kEu, large + '!'});
  us->link.Send({kUs, kEu, large});
  us->link.Send({kUs, kEu, "after"});
  us->link.Flush();
  ASSERT_TRUE(RunUntil(io_, [&] { return eu->got.size() == 2; }));
  EXPECT_TRUE(eu->got[0].body == large);
  EXPECT_EQ(us->figures().drops, 1U);
}

TEST_F(WanLinkTest, AGatewayThatComesBackIsDialedAgain) {
  const auto us = StartUs();
  auto eu = StartEu();
  ASSERT_TRUE(RunUntil(io_, [&] { return us->figures().connected; }));
  us->link.Send({kUs, kEu, "before"});
  us->link.Flush();
  ASSERT_TRUE(RunUntil(io_, [&] { return eu->got.size() == 1; }));
  eu.reset();
  ASSERT_TRUE(RunUntil(io_, [&] { return !us->figures().connected; }));
  EXPECT_TRUE(us->log.Has("is down"));
  eu = StartEu();
  ASSERT_TRUE(RunUntil(io_, [&] { return us->figures().connected; }));
  us->link.Send({kUs, kEu, "after"});
  us->link.Flush();
  ASSERT_TRUE(RunUntil(io_, [&] { return eu->got.size() == 1; }));
  EXPECT_EQ(eu->got[0].body, "after");
  EXPECT_EQ(us->figures().reconnects, 1U);
}

TEST_F(WanLinkTest, ALinkThroughTheEmulatorGoesDownWithItsWireAndComesBack) {
  WanEmulator emulator(
      io_, {.links = {{"us-east", "eu-west", {}, {"127.0.0.1", eu_port_}}}, .control = {}});
  ASSERT_TRUE(emulator.Start());
  const auto us = Start(kUs, kEu, us_port_, emulator.port(0));
  const auto eu = StartEu();
  for (std::size_t round = 0; round < 2; ++round) {
    ASSERT_TRUE(RunUntil(io_, [&] { return us->figures().connected; }));
    EXPECT_EQ(us->figures().reconnects, round);
    us->link.Send({kUs, kEu, "round " + std::to_string(round)});
    us->link.Flush();
    ASSERT_TRUE(RunUntil(io_, [&] { return eu->got.size() == round + 1; }));
    EXPECT_EQ(eu->got[round].body, "round " + std::to_string(round));
    ASSERT_EQ(emulator.Execute("cut us-east eu-west"), "ok\n");
    ASSERT_TRUE(RunUntil(io_, [&] { return !us->figures().connected && !eu->figures().heard; }));
    ASSERT_EQ(emulator.Execute("heal us-east eu-west"), "ok\n");
  }
}

TEST_F(WanLinkTest, NothingIsKeptForAPeerThatIsAway) {
  const auto us = StartUs();
  for (int i = 0; i < 100; ++i) us->link.Send({kUs, kEu, Bytes(1000, 'x')});
  us->link.Flush();
  EXPECT_EQ(us->figures().drops, 100U);
  EXPECT_EQ(us->figures().queued_bytes, 0U);
}

TEST_F(WanLinkTest, AQueueThatIsFullDropsAndCounts) {
  const auto us = Start(kUs, kEu, us_port_, eu_port_, 10'000);
  const auto eu = StartEu();
  ASSERT_TRUE(RunUntil(io_, [&] { return us->figures().connected; }));
  for (int i = 0; i < 100; ++i) us->link.Send({kUs, kEu, Bytes(1000, 'x')});
  EXPECT_LE(us->figures().queued_bytes, 10'000U);
  EXPECT_EQ(us->figures().drops, 91U);
  us->link.Flush();
  EXPECT_TRUE(RunUntil(io_, [&] { return eu->got.size() == 9; }));
}

TEST_F(WanLinkTest, AMessageToAStrangerIsCounted) {
  const auto us = StartUs();
  us->link.Send({kUs, kStranger, "hello?"});
  EXPECT_EQ(us->link.unroutable(), 1U);
}

TEST_F(WanLinkTest, AGatewayThatConnectsAgainReplacesItsConnection) {
  const auto eu = StartEu();
  tcp::socket first(io_), second(io_);
  const Bytes hello = EncodeHello({kUs, kEu, Epoch{1}});
  for (tcp::socket* socket : {&first, &second}) {
    socket->connect({asio::ip::address_v4::loopback(), eu_port_});
    asio::write(*socket, asio::buffer(hello + Frame("\x05"
                                                    "hello")));
    const std::size_t expected = eu->got.size() + 1;
    ASSERT_TRUE(RunUntil(io_, [&] { return eu->got.size() == expected; }));
  }
  EXPECT_TRUE(eu->log.Has("it connected again"));
  EXPECT_TRUE(eu->figures().heard);
}

TEST_F(WanLinkTest, AWrongHelloIsRefusedAndLogged) {
  const auto eu = StartEu();
  const auto verdict = [](WanVerdict of) { return Bytes(1, static_cast<char>(of)); };
  EXPECT_EQ(Say(eu_port_, EncodeHello({kStranger, kEu, Epoch{1}})), verdict(WanVerdict::kUnknown));
  EXPECT_EQ(Say(eu_port_, EncodeHello({kUs, kStranger, Epoch{1}})), verdict(WanVerdict::kNotMe));
  Bytes newer = EncodeHello({kUs, kEu, Epoch{1}});
  newer[4] = 9;
  EXPECT_EQ(Say(eu_port_, newer), verdict(WanVerdict::kOtherVersion));
  EXPECT_EQ(Say(eu_port_, "GET / HTTP/1.1\r\n\r\n"), "");
  EXPECT_EQ(eu->link.refused(), 4U);
  EXPECT_TRUE(eu->log.Has("its hello was from 9.gw1 to 2.gw1, and this is 2.gw1"));
  EXPECT_TRUE(eu->log.Has("version 9"));
  EXPECT_TRUE(eu->log.Has("no hello of a gateway"));
}

TEST_F(WanLinkTest, ADialerThatIsRefusedSaysWhy) {
  const auto us = StartUs();
  const auto other = Start(kStranger, kUs, eu_port_, us_port_);
  EXPECT_TRUE(RunUntil(io_, [&] { return us->log.Has("another process"); }));
  EXPECT_FALSE(us->figures().connected);
}

TEST_F(WanLinkTest, WhatCannotBeReadClosesTheConnectionAndIsCounted) {
  const auto eu = StartEu();
  const Bytes welcome(1, '\0');
  Bytes bomb;
  AppendMessage(bomb, Bytes(kBatchBytesMax + 1, '\0'));
  EXPECT_EQ(SayFrames(eu_port_, EncodeFrameLength(5) + "nonse"), welcome);
  EXPECT_EQ(SayFrames(eu_port_, EncodeFrameLength(kWanFrameBytesMax + 1)), welcome);
  EXPECT_EQ(SayFrames(eu_port_, Bytes(1, '\0')), welcome);
  EXPECT_EQ(SayFrames(eu_port_, Frame("\x09"
                                      "short")),
            welcome);
  EXPECT_EQ(SayFrames(eu_port_, Frame(Bytes(1, '\0'))), welcome);
  EXPECT_EQ(SayFrames(eu_port_, Frame(bomb)), welcome);
  EXPECT_EQ(eu->figures().corrupt, 6U);
  EXPECT_FALSE(eu->figures().heard);
  EXPECT_TRUE(eu->got.empty());
}

TEST_F(WanLinkTest, AFrameThatArrivesByteByByteIsTaken) {
  const auto eu = StartEu();
  tcp::socket socket(io_);
  socket.connect({asio::ip::address_v4::loopback(), eu_port_});
  for (const char byte : EncodeHello({kUs, kEu, Epoch{1}}) + Frame("\x05"
                                                                   "hello")) {
    asio::write(socket, asio::buffer(&byte, 1));
    io_.restart();
    io_.run_for(std::chrono::milliseconds(1));
  }
  ASSERT_TRUE(RunUntil(io_, [&] { return eu->got.size() == 1; }));
  EXPECT_EQ(eu->got[0].body, "hello");
}

TEST_F(WanLinkTest, AConnectionTooManyIsRefused) {
  const auto eu = StartEu();
  std::vector<tcp::socket> idle;
  for (int i = 0; i < 70; ++i) {
    idle.emplace_back(io_).connect({asio::ip::address_v4::loopback(), eu_port_});
  }
  EXPECT_TRUE(RunUntil(io_, [&] { return eu->link.refused() == 6; }));
}

TEST_F(WanLinkTest, ItListensOnLoopbackOnly) {
  MemoryLog log;
  WanLink link(
      io_, {.self = kUs, .epoch = {}, .listen = {"0.0.0.0", 0}, .peers = {}}, [](const Message&) {},
      Random(1), log);
  const Result<Done> started = link.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(WanLinkTest, AHelloInTimeIsRequired) {
  const auto eu = StartEu();
  EXPECT_EQ(Say(eu_port_, "MRDN"), "");
  EXPECT_TRUE(eu->log.Has("no hello in time"));
}

}  // namespace
}  // namespace meridian::io
