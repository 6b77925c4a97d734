// An Asio loop for those who live outside src/io: run it here, or on a thread of its own.
//
//     EventLoop loop;                          LoopThread thread;
//     Alarm alarm(loop.context());             thread.Post([] { ... });   // from any thread
//     alarm.At(deadline, [] { ... });
//     loop.Run();  // until Stop
//
// Everything made with a loop belongs to the thread that runs it.

#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <thread>

#include "base/time.h"

namespace meridian::io {

namespace asio = boost::asio;

// Runs `work` on the loop, soon; from any thread.
void Post(asio::io_context& loop, std::function<void()> work);

class EventLoop {
 public:
  asio::io_context& context() { return context_; }
  // Returns after Stop, or after SIGINT or SIGTERM; whether it was a signal.
  bool Run();
  void Stop() { context_.stop(); }

 private:
  asio::io_context context_{1};
};

// Calls back once, at or after an instant. The last At counts; Cancel and the end of the alarm
// forget it.
class Alarm {
 public:
  explicit Alarm(asio::io_context& loop);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void At(Instant instant, std::function<void()> ring);
  void Cancel();

 private:
  asio::steady_timer timer_;
  std::shared_ptr<std::uint64_t> setting_;  // raised by every At, so that older ones stay silent
};

// A loop that runs on its own thread until this object ends.
class LoopThread {
 public:
  LoopThread();
  ~LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  asio::io_context& context() { return context_; }
  void Post(std::function<void()> work);

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace meridian::io
