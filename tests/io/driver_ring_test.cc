// Two drivers, each with its loop and thread as two processes would have, over real sockets.

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <map>
#include <optional>
#include <thread>

#include "io/driver.h"
#include "io/scripted_machine.h"
#include "io/zmq_ring.h"

namespace meridian::io {
namespace {

constexpr ProcessId kFirstProcess{{1}, Role::kNode, 1};
constexpr ProcessId kSecondProcess{{1}, Role::kNode, 2};

TEST(DriverRingTest, TwoDriversTalkOverTheRing) {
  struct Process {
    asio::io_context loop{1};
    zmq::context_t zmq;
    ScriptedMachine machine;
    std::optional<Driver> driver;
    std::unique_ptr<ZmqRing> ring;
  };
  Process one;
  Process two;
  const std::map<ProcessId, std::string> places{{kFirstProcess, "tcp://127.0.0.1:7831"},
                                                {kSecondProcess, "tcp://127.0.0.1:7832"}};
  const auto open = [&](Process& process, ProcessId self, ProcessId other) {
    process.driver.emplace(process.loop, process.machine,
                           Driver::Options{.self = self, .fatal = [](const Error&) {}});
    auto ring =
        ZmqRing::Open(process.loop, process.zmq,
                      {.self = self, .bind = places.at(self), .peers = {{other, places.at(other)}}},
                      [&process](Message message) { process.driver->Deliver(std::move(message)); });
    ASSERT_TRUE(ring) << ring.error().message;
    process.ring = std::move(*ring);
    process.driver->UseRing(*process.ring);
  };
  open(one, kFirstProcess, kSecondProcess);
  open(two, kSecondProcess, kFirstProcess);
  RequestTag waiting;
  one.machine.on_serve = [&](const Request& request) {
    waiting = request.tag;
    one.machine.Send(kFirstProcess, kSecondProcess, request.body);
  };
  two.machine.on_receive = [&](const Message& message) {
    two.machine.Send(kSecondProcess, kFirstProcess, "echo " + message.body);
  };
  one.machine.on_receive = [&](const Message& message) {
    one.machine.Reply(waiting, message.body);
  };
  int left = 1000;
  bool right = true;
  std::function<void()> ask = [&] {
    const std::string number = std::to_string(left);
    one.driver->Submit(number, [&, number](Bytes answer) {
      right = right && answer == "echo " + number;
      if (--left > 0) return ask();
      one.driver->Stop();
      asio::post(two.loop, [&] { two.driver->Stop(); });
    });
  };
  asio::post(one.loop, ask);
  std::thread other([&] { two.driver->Run(); });
  asio::steady_timer deadline(one.loop, std::chrono::seconds(30));
  deadline.async_wait([&](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    one.driver->Stop();
    asio::post(two.loop, [&] { two.driver->Stop(); });
  });
  one.driver->Run();
  other.join();
  EXPECT_EQ(left, 0);
  EXPECT_TRUE(right);
}

}  // namespace
}  // namespace meridian::io
