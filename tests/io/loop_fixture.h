// What the tests of src/io share: a loop that runs until a claim holds, or a deadline has passed.

#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <zmq.hpp>

namespace meridian::io {

class LoopFixture : public testing::Test {
 protected:
  // Runs the loop until `holds`; false when it does not within the deadline.
  template <class Predicate>
  bool RunUntil(Predicate holds, std::chrono::seconds deadline = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop_.restart();
      loop_.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  // Runs what is ready now and what that makes ready.
  void RunReady() {
    loop_.restart();
    loop_.poll();
  }

  boost::asio::io_context loop_{1};
  zmq::context_t zmq_;
};

}  // namespace meridian::io
