// The CPU time of a system's processes between two moments, from /proc: what an operation costs.
//
//     ServerCpu servers(processes);
//     servers.Begin(); ... load ...; for (const Used& used : servers.End()) ...
//
// Nanoseconds where the kernel counts them (schedstat), summed over the threads that live at both
// ends; the servers keep their threads for life. A process that ended in between is told as such.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/sandbox.h"

namespace meridian::client {

class ServerCpu {
 public:
  struct Process {
    std::string name;
    io::Pid pid = 0;
  };
  struct Used {
    std::string name;
    std::optional<std::uint64_t> nanoseconds;  // nothing: it ended
  };

  explicit ServerCpu(std::vector<Process> processes) : processes_(std::move(processes)) {}
  // Those of a sandbox that run; the emulator of the WAN is no server.
  static std::vector<Process> Running(const Sandbox& sandbox);

  void Begin();
  std::vector<Used> End() const;
  bool empty() const { return processes_.empty(); }

 private:
  std::vector<Process> processes_;
  std::vector<std::optional<std::uint64_t>> begun_;
};

}  // namespace meridian::client
