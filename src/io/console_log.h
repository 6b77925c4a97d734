// The log of a process: one line an event on stderr.
//
//     2026-01-31T12:00:00.123Z warning us-east-1: peer us-east-2 is down
//
// May be written to from any thread. Line breaks inside a line are shown as spaces.

#pragma once

#include <memory>
#include <string>

#include "base/ports.h"

namespace spdlog {
class logger;
}

namespace meridian::io {

class ConsoleLog final : public Log {
 public:
  // `process` is the name that every line carries.
  explicit ConsoleLog(std::string process);
  ~ConsoleLog() override;

  void Write(Severity severity, std::string line) override;

 private:
  std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace meridian::io
