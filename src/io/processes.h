// Processes of this machine, as tools see them: start, look at, signal, measure.
//
// Everything is read from /proc; a process that is gone is an empty answer, never an error.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace meridian::io {

using Pid = std::int32_t;

// Starts `arguments[0]` in a session of its own, so that it outlives this process, with no input
// and with both outputs appended to `log`. Requires at least one argument.
Result<Pid> StartDetached(const std::vector<std::string>& arguments, const std::string& log);

enum class ProcessState : std::uint8_t { kGone, kRunning, kStopped };
// A zombie is gone.
ProcessState StateOf(Pid pid);
// What it was started with; empty if it is gone.
std::vector<std::string> CommandLineOf(Pid pid);

enum class ProcessSignal : std::uint8_t { kTerminate, kKill, kStop, kContinue };
// kIo when there is no such process, or it is not ours.
Result<Done> SendSignal(Pid pid, ProcessSignal signal);

// CPU time all its threads have used, in nanoseconds where the kernel tells, else in ticks.
std::optional<std::uint64_t> CpuNanosecondsOf(Pid pid);
// Memory it has resident.
std::optional<std::uint64_t> ResidentBytesOf(Pid pid);

// Who listens on a TCP port of this machine: "meridiand (pid 4711)", "a process that is not yours";
// nothing if the port is free.
std::optional<std::string> ListenerOf(std::uint16_t port);

}  // namespace meridian::io
