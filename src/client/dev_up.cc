#include "client/dev_up.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "client/exit_codes.h"
#include "client/probe.h"
#include "client/running.h"
#include "client/text.h"
#include "io/clocks.h"
#include "io/files.h"
#include "io/line_client.h"
#include "io/this_process.h"

namespace meridian::client {
namespace {

constexpr Duration kReadyPoll = std::chrono::milliseconds(50);
constexpr std::size_t kLogLines = 8;

std::string HttpUrlOf(const ProcessSpec& process) {
  if (process.role) {
    return "http://" + process.http.host + ':' + std::to_string(process.http.port);
  }
  return "control on 127.0.0.1:" + std::to_string(process.ports.at(0).number);
}

bool Answers(const ProcessSpec& process) {
  if (process.role) return IsReady(process.http);
  return io::AskLine({"127.0.0.1", process.ports.at(0).number}, "status", std::chrono::seconds(1))
      .has_value();
}

void ShowLog(const Sandbox& sandbox, const ProcessSpec& process) {
  const std::string log = sandbox.home().LogOf(process.name);
  std::fprintf(stderr, "  the end of %s:\n", log.c_str());
  for (const std::string& line : io::LastLines(log, kLogLines)) {
    std::fprintf(stderr, "    %s\n", line.c_str());
  }
}

// The settings in force: flags, then what was noted, then the defaults.
Result<Settings> SettingsFor(const Home& home, const UpOptions& options) {
  Settings settings = home.LoadSettings().value_or(Settings{});
  Result<std::string> topology = home.TopologyFile();
  if (!topology) return topology.failure();
  settings.topology = *topology;
  if (options.wan_delay_ms || options.wan_mbit || options.wan_port) settings.emulate_wan = true;
  settings.emulate_wan = options.emulate_wan.value_or(settings.emulate_wan);
  settings.wan_delay_ms = options.wan_delay_ms.value_or(settings.wan_delay_ms);
  settings.wan_mbit = options.wan_mbit.value_or(settings.wan_mbit);
  settings.wan_port = options.wan_port.value_or(settings.wan_port);
  return settings;
}

bool SameSystem(const Settings& a, const Settings& b) {
  return a.topology == b.topology && a.emulate_wan == b.emulate_wan &&
         a.wan_delay_ms == b.wan_delay_ms && a.wan_mbit == b.wan_mbit && a.wan_port == b.wan_port;
}

// A running system keeps what it was started with: half of it under other settings would not fit,
// and what no topology names any more would be nobody's.
bool MayChange(const Sandbox& wanted) {
  const std::vector<RunningProcess> running = RunningIn(wanted.home());
  if (running.empty()) return true;
  const auto before = wanted.home().LoadSettings();
  if (before && !SameSystem(*before, wanted.settings())) {
    Complain(running.front().name + " runs with other settings (topology or WAN) in " +
             wanted.home().root() + "; stop all first with `meridian dev down`");
    return false;
  }
  for (const RunningProcess& process : running) {
    if (wanted.Find(process.name) != nullptr) continue;
    Complain(process.name + " runs, and " + wanted.settings().topology +
             " does not name it; stop it first with `meridian dev kill " + process.name +
             "`, or all with `meridian dev down`");
    return false;
  }
  return true;
}

// Starts what does not run; false after telling what could not be started.
bool StartMissing(const Sandbox& sandbox) {
  for (const ProcessSpec& process : sandbox.processes()) {
    if (const auto pid = sandbox.PidOf(process)) {
      if (io::StateOf(*pid) == io::ProcessState::kStopped) {
        Complain(process.name + " is paused; `meridian dev resume " + process.name + "` goes on");
        return false;
      }
      continue;
    }
    if (const Result<io::Pid> pid = sandbox.Start(process); !pid) {
      Complain(pid.error().message);
      return false;
    }
  }
  return true;
}

}  // namespace

bool AwaitReady(const Sandbox& sandbox, const std::vector<const ProcessSpec*>& processes,
                Duration patience) {
  const Instant deadline = io::Now().monotonic + patience;
  std::vector<const ProcessSpec*> waiting = processes;
  // A process that has just begun may be nobody's for a moment: only the second look counts.
  std::set<const ProcessSpec*> missed;
  while (!waiting.empty()) {
    for (const ProcessSpec*& process : waiting) {
      if (Answers(*process)) {
        const auto pid = sandbox.PidOf(*process);
        std::printf("%-16s ready  pid %-7s %s\n", process->name.c_str(),
                    pid ? std::to_string(*pid).c_str() : "-", HttpUrlOf(*process).c_str());
        std::fflush(stdout);
        process = nullptr;
      } else if (process->role == Role::kNode && AwaitsPlace(process->http)) {
        std::printf("%-16s waits for its place in the ring: meridian topology apply\n",
                    process->name.c_str());
        std::fflush(stdout);
        process = nullptr;
      } else if (!sandbox.PidOf(*process) && !missed.insert(process).second) {
        Complain(process->name + " ended instead of becoming ready");
        ShowLog(sandbox, *process);
        return false;
      }
    }
    std::erase(waiting, nullptr);
    if (waiting.empty()) return true;
    if (io::Now().monotonic > deadline) {
      for (const ProcessSpec* process : waiting) {
        Complain(process->name + " is not ready after " + FormatDuration(patience));
        ShowLog(sandbox, *process);
      }
      return false;
    }
    io::SleepFor(kReadyPoll);
  }
  return true;
}

int DevUp(const CommonOptions& common, const UpOptions& options) {
  const Home home(common);
  const Result<Settings> settings = SettingsFor(home, options);
  if (!settings) return Complain(settings.error().message), kExitUsage;
  Result<local::Topology> topology = LoadTopology(settings->topology);
  if (!topology) return Complain(topology.error().message), kExitUsage;
  const Sandbox sandbox(home, std::move(*topology), *settings);
  if (!MayChange(sandbox)) return kExitNo;
  if (const Result<Done> prepared = home.Prepare(); !prepared) {
    return Complain(prepared.error().message), kExitNo;
  }
  if (const Result<Done> saved = home.SaveSettings(*settings); !saved) {
    return Complain(saved.error().message), kExitNo;
  }
  if (!StartMissing(sandbox)) return kExitNo;
  std::vector<const ProcessSpec*> all;
  for (const ProcessSpec& process : sandbox.processes()) all.push_back(&process);
  if (!AwaitReady(sandbox, all, std::chrono::seconds(options.patience_s))) return kExitNo;
  if (sandbox.Find(kEmulatorName) != nullptr) {
    std::printf("up: %zu processes; WAN emulated with %llu ms one way and %llu Mbit/s\n",
                all.size(), static_cast<unsigned long long>(settings->wan_delay_ms),
                static_cast<unsigned long long>(settings->wan_mbit));
  } else {
    std::printf("up: %zu processes\n", all.size());
  }
  return kExitOk;
}

}  // namespace meridian::client
