// Drives an io_context until something is true, or a deadline says that it will not be.

#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "base/ports.h"

namespace meridian::io {

// Whether `condition` came true. Looks after every handler, and at least every millisecond.
template <class Condition>
bool RunUntil(boost::asio::io_context& io, const Condition& condition,
              std::chrono::seconds limit = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(1));
  }
  return true;
}

class MemoryLog : public Log {
 public:
  void Write(Severity, std::string line) override { lines_.push_back(std::move(line)); }

  bool Has(const std::string& part) const {
    for (const std::string& line : lines_) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

 private:
  std::vector<std::string> lines_;
};

}  // namespace meridian::io
