#include "io/event_loop.h"

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "io/clocks.h"

namespace meridian::io {

void Post(asio::io_context& loop, std::function<void()> work) {
  asio::post(loop, std::move(work));
}

bool EventLoop::Run() {
  bool signalled = false;
  asio::signal_set signals(context_, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    signalled = true;
    context_.stop();
  });
  context_.restart();
  context_.run();
  return signalled;
}

Alarm::Alarm(asio::io_context& loop) : timer_(loop), setting_(std::make_shared<std::uint64_t>(0)) {}

Alarm::~Alarm() {
  Cancel();
}

void Alarm::At(Instant instant, std::function<void()> ring) {
  const std::uint64_t setting = ++*setting_;
  if (instant == kNever) return;
  timer_.expires_at(SteadyTime(instant));
  timer_.async_wait([current = setting_, setting,
                     ring = std::move(ring)](const boost::system::error_code& error) {
    if (!error && *current == setting) ring();
  });
}

void Alarm::Cancel() {
  ++*setting_;
  timer_.cancel();
}

LoopThread::LoopThread()
    : work_(asio::make_work_guard(context_)), thread_([this] { context_.run(); }) {}

LoopThread::~LoopThread() {
  context_.stop();
  thread_.join();
}

void LoopThread::Post(std::function<void()> work) {
  asio::post(context_, std::move(work));
}

}  // namespace meridian::io
