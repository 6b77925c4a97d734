// What of a sandbox runs, by the pid files of its home alone: whatever a topology says by now.
//
//     for (const Stopped& one : Stop(home, RunningIn(home))) ...    us-east-1, pid 4711, not killed
//
// A pid file has the name of its process. It is believed only if the kernel says that this pid runs
// a binary of ours, under that name and with this home, so that a pid which was given to somebody
// else is never signalled.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "client/home.h"
#include "io/processes.h"

namespace meridian::client {

struct RunningProcess {
  std::string name;
  io::Pid pid = 0;
};

// Nothing if it does not run.
std::optional<io::Pid> RunningPid(const Home& home, const std::string& name);
// By name.
std::vector<RunningProcess> RunningIn(const Home& home);

// What pid files name that lives under that name, but was started with another home: this one was
// moved or copied. It is not ours to end, and may have the data here open.
std::vector<RunningProcess> StrangersIn(const Home& home);

struct Stopped {
  RunningProcess process;
  bool killed = false;
  std::optional<Error> error;  // it still runs
};
// Terminates these, all at once, and kills those that have not ended after ten seconds.
std::vector<Stopped> Stop(const Home& home, const std::vector<RunningProcess>& processes);

// Waits until nothing of it is left, its ports neither; false when it takes longer.
bool AwaitEnd(io::Pid pid, Instant deadline);

}  // namespace meridian::client
