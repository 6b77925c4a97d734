#include "io/wan_emulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "io/accept_loop.h"
#include "run_until.h"

namespace meridian::io {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// One end of a connection: keeps all that it reads.
struct End : std::enable_shared_from_this<End> {
  explicit End(tcp::socket opened) : socket(std::move(opened)) {}

  void Read() {
    socket.async_read_some(asio::buffer(chunk),
                           [this, self = shared_from_this()](const auto& error, std::size_t size) {
                             if (error) {
                               closed = true;
                               return;
                             }
                             got.append(chunk, size);
                             Read();
                           });
  }

  tcp::socket socket;
  char chunk[65536];
  Bytes got;
  bool closed = false;
};

std::shared_ptr<End> Open(tcp::socket socket) {
  auto end = std::make_shared<End>(std::move(socket));
  end->Read();
  return end;
}

class WanEmulatorTest : public testing::Test {
 protected:
  WanEmulatorTest() {
    eu_ = std::make_shared<AcceptLoop>(
        io_, Endpoint{}, [this](tcp::socket socket) { at_eu_.push_back(Open(std::move(socket))); });
    us_ = std::make_shared<AcceptLoop>(
        io_, Endpoint{}, [this](tcp::socket socket) { at_us_.push_back(Open(std::move(socket))); });
    EXPECT_TRUE(eu_->Start());
    EXPECT_TRUE(us_->Start());
    StartEmulator(0ms);
  }
  ~WanEmulatorTest() override {
    emulator_->Stop();
    eu_->Stop();
    us_->Stop();
  }

  void StartEmulator(std::chrono::milliseconds jitter) {
    emulator_ = std::make_unique<WanEmulator>(
        io_, WanEmulator::Options{.links = {{"us-east", "eu-west", {}, {"127.0.0.1", eu_->port()}},
                                            {"eu-west", "us-east", {}, {"127.0.0.1", us_->port()}}},
                                  .jitter = jitter,
                                  .control = {},
                                  .on_quit = [this] { quit_ = true; }});
    const Result<Done> started = emulator_->Start();
    EXPECT_TRUE(started) << started.error().message;
  }
  std::shared_ptr<End> Dial(std::size_t link) {
    tcp::socket socket(io_);
    socket.connect({asio::ip::address_v4::loopback(), emulator_->port(link)});
    socket.set_option(tcp::no_delay(true));
    return Open(std::move(socket));
  }
  // From us-east, once eu-west has it.
  std::shared_ptr<End> DialEu() {
    const std::size_t before = at_eu_.size();
    auto end = Dial(0);
    EXPECT_TRUE(RunUntil(io_, [&] { return at_eu_.size() > before; }));
    return end;
  }
  // How long until `to` has it.
  Clock::duration Send(End& from, End& to, const Bytes& bytes) {
    const auto start = Clock::now();
    const std::size_t expected = to.got.size() + bytes.size();
    asio::async_write(from.socket, asio::buffer(bytes), [](const auto&, std::size_t) {});
    EXPECT_TRUE(RunUntil(io_, [&] { return to.got.size() >= expected; }));
    return Clock::now() - start;
  }
  nlohmann::json Wire(const std::string& from) {
    std::istringstream lines(emulator_->Execute("status"));
    for (std::string line; std::getline(lines, line) && line != "ok";) {
      nlohmann::json wire = nlohmann::json::parse(line);
      if (wire["from"] == from) return wire;
    }
    return {};
  }

  asio::io_context io_;
  std::shared_ptr<AcceptLoop> eu_, us_;
  std::vector<std::shared_ptr<End>> at_eu_, at_us_;
  std::unique_ptr<WanEmulator> emulator_;
  bool quit_ = false;
};

TEST_F(WanEmulatorTest, BytesTakeTheDelayEachWay) {
  const auto dialer = DialEu();
  ASSERT_EQ(emulator_->Execute("delay-one eu-west us-east 90"), "ok\n");
  for (int i = 0; i < 3; ++i) {
    const auto there = Send(*dialer, *at_eu_[0], "ping");
    const auto back = Send(*at_eu_[0], *dialer, "pong");
    EXPECT_GE(there, 40ms);
    EXPECT_LT(there, 80ms);
    EXPECT_GE(back, 90ms);
    EXPECT_LT(back, 130ms);
  }
}

TEST_F(WanEmulatorTest, TheRateIsCapped) {
  ASSERT_EQ(emulator_->Execute("rate us-east eu-west 40"), "ok\n");
  const auto dialer = DialEu();
  const Bytes megabytes(5'000'000, 'x');  // 1 s at 40 Mbit/s
  const auto took = Send(*dialer, *at_eu_[0], megabytes);
  EXPECT_GT(took, 900ms);
  EXPECT_LT(took, 1300ms);
  EXPECT_EQ(Wire("us-east")["bytes"], 5'000'000);
  EXPECT_EQ(Wire("eu-west")["bytes"], 0);
}

TEST_F(WanEmulatorTest, TheRateIsSharedByTheConnectionsOfALink) {
  const auto one = DialEu();
  const auto two = DialEu();
  const Bytes megabytes(2'500'000, 'x');
  const auto start = Clock::now();
  for (const auto* end : {&one, &two}) {
    asio::async_write((*end)->socket, asio::buffer(megabytes), [](const auto&, std::size_t) {});
  }
  ASSERT_TRUE(
      RunUntil(io_, [&] { return at_eu_[0]->got.size() + at_eu_[1]->got.size() == 5'000'000; }));
  EXPECT_GT(Clock::now() - start, 400ms);
}

TEST_F(WanEmulatorTest, AWireAddsNoMoreThanItsJitter) {
  EmulatedWire wire;
  wire.jitter = 30ms;
  std::vector<std::chrono::nanoseconds> delays;
  for (int i = 0; i < 100; ++i) {
    const auto now = Clock::now() + 1h * i;
    delays.push_back(wire.Carry(now, 100) - now);
  }
  EXPECT_GE(*std::min_element(delays.begin(), delays.end()), 40ms);
  EXPECT_GT(*std::max_element(delays.begin(), delays.end()), 55ms);
  EXPECT_LT(*std::max_element(delays.begin(), delays.end()), 71ms);
}

TEST_F(WanEmulatorTest, ContentIsNeitherAlteredNorReorderedByJitter) {
  StartEmulator(20ms);
  const auto dialer = DialEu();
  Bytes content;
  for (int i = 0; content.size() < 1'000'000; ++i) content += std::to_string(i) + ' ';
  Send(*dialer, *at_eu_[0], content);
  EXPECT_TRUE(at_eu_[0]->got == content);
}

// Once several short chunks were released in one write, and their bytes moved under it.
TEST_F(WanEmulatorTest, ShortChunksReleasedTogetherArriveAsTheyWere) {
  const auto dialer = DialEu();
  Bytes content;
  for (int i = 0; i < 200; ++i) {
    const Bytes piece = "<" + std::to_string(i) + ">";
    asio::write(dialer->socket, asio::buffer(piece));
    io_.restart();
    io_.poll();  // so that the pipe reads each by itself
    content += piece;
  }
  ASSERT_TRUE(RunUntil(io_, [&] { return at_eu_[0]->got.size() >= content.size(); }));
  EXPECT_EQ(at_eu_[0]->got, content);
}

TEST_F(WanEmulatorTest, ASenderThatNobodyReadsFromIsHeldBack) {
  const auto dialer = DialEu();
  at_eu_[0]->socket.cancel();  // reads no more
  const Bytes much(50'000'000, 'x');
  bool written = false;
  asio::async_write(dialer->socket, asio::buffer(much),
                    [&](const auto&, std::size_t) { written = true; });
  ASSERT_TRUE(RunUntil(io_, [&] { return Wire("us-east")["queued_bytes"] >= 2'000'000; }));
  io_.restart();
  io_.run_for(500ms);
  EXPECT_FALSE(written);
  EXPECT_LT(Wire("us-east")["queued_bytes"], 2'100'000);
  dialer->socket.close();
  io_.restart();
  io_.run_for(10ms);
}

TEST_F(WanEmulatorTest, AnEndIsPassedOnAfterWhatCameBefore) {
  auto dialer = DialEu();
  asio::write(dialer->socket, asio::buffer(Bytes("last words")));
  dialer->socket.shutdown(tcp::socket::shutdown_send);
  ASSERT_TRUE(RunUntil(io_, [&] { return at_eu_[0]->closed; }));
  EXPECT_EQ(at_eu_[0]->got, "last words");
  Send(*at_eu_[0], *dialer, "and mine");
  at_eu_[0]->socket.close();
  EXPECT_TRUE(RunUntil(io_, [&] { return dialer->closed; }));
  EXPECT_TRUE(RunUntil(io_, [&] { return Wire("us-east")["connections"] == 0; }));
}

TEST_F(WanEmulatorTest, ATargetThatIsDownClosesTheConnection) {
  eu_->Stop();
  const auto dialer = Dial(0);
  EXPECT_TRUE(RunUntil(io_, [&] { return dialer->closed; }));
}

TEST_F(WanEmulatorTest, ACutDropsBothWaysAndRefusesUntilHealed) {
  const auto there = DialEu();
  const auto back = Dial(1);
  ASSERT_TRUE(RunUntil(io_, [&] { return at_us_.size() == 1; }));
  ASSERT_EQ(emulator_->Execute("cut us-east eu-west"), "ok\n");
  EXPECT_TRUE(RunUntil(io_, [&] {
    return there->closed && back->closed && at_eu_[0]->closed && at_us_[0]->closed;
  }));
  EXPECT_EQ(Wire("us-east")["cut"], true);
  const auto refused = Dial(0);
  EXPECT_TRUE(RunUntil(io_, [&] { return refused->closed; }));
  ASSERT_EQ(emulator_->Execute("heal us-east eu-west"), "ok\n");
  const auto healed = DialEu();
  EXPECT_GE(Send(*healed, *at_eu_[1], "hello"), 40ms);
}

TEST_F(WanEmulatorTest, ACutOfOneWayLeavesTheOther) {
  const auto there = DialEu();
  const auto back = Dial(1);
  ASSERT_TRUE(RunUntil(io_, [&] { return at_us_.size() == 1; }));
  ASSERT_EQ(emulator_->Execute("cut-one us-east eu-west"), "ok\n");
  EXPECT_TRUE(RunUntil(io_, [&] { return there->closed; }));
  Send(*back, *at_us_[0], "still here");
  EXPECT_FALSE(back->closed);
}

TEST_F(WanEmulatorTest, AMistakenCommandIsAnsweredWithTheReason) {
  for (const char* line :
       {"", "cut", "cut us-east", "cut us-east mars", "fold us-east eu-west",
        "delay us-east eu-west", "delay us-east eu-west -1", "rate us-east eu-west 0",
        "rate us-east eu-west 1x", "cut us-east eu-west now", "delay us-east eu-west 1 2"}) {
    EXPECT_TRUE(emulator_->Execute(line).starts_with("error: ")) << line;
  }
  EXPECT_EQ(Wire("us-east")["cut"], false);
  EXPECT_EQ(Wire("us-east")["delay_ms"], 40);
}

TEST_F(WanEmulatorTest, ItIsControlledOverTcpAndEndsWhenTold) {
  tcp::socket socket(io_);
  socket.connect({asio::ip::address_v4::loopback(), emulator_->control_port()});
  const auto control = Open(std::move(socket));
  asio::write(control->socket, asio::buffer(Bytes("cut us-east eu-west\nfold\n")));
  ASSERT_TRUE(RunUntil(io_, [&] { return control->got.find("error: ") != Bytes::npos; }));
  EXPECT_TRUE(control->got.starts_with("ok\n"));
  EXPECT_EQ(Wire("us-east")["cut"], true);
  asio::write(control->socket, asio::buffer(Bytes("quit\n")));
  ASSERT_TRUE(RunUntil(io_, [&] { return quit_ && control->closed; }));
  EXPECT_TRUE(control->got.ends_with("\nok\n"));
}

TEST_F(WanEmulatorTest, NothingRunsWhileNothingIsSent) {
  const auto dialer = DialEu();
  Send(*dialer, *at_eu_[0], "ping");
  io_.restart();
  io_.run_for(100ms);
  io_.restart();
  EXPECT_EQ(io_.run_for(500ms), 0U);
}

}  // namespace
}  // namespace meridian::io
