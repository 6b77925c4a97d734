#include "client/running.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "io/clocks.h"
#include "io/files.h"
#include "io/this_process.h"

namespace meridian::client {
namespace {

constexpr Duration kStopPatience = std::chrono::seconds(10);
constexpr Duration kExitPoll = std::chrono::milliseconds(20);
constexpr std::string_view kPidSuffix = ".pid";

std::string BaseName(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// What follows the option; empty when it is not given.
std::string OptionOf(const std::vector<std::string>& command, const char* option) {
  const auto at = std::find(command.begin(), command.end(), option);
  return at == command.end() || at + 1 == command.end() ? std::string() : *(at + 1);
}

// Whether a command line is that of a process of ours under this name, whatever its home.
bool IsNamed(const std::vector<std::string>& command, const std::string& name) {
  constexpr std::array kBinaries{"meridiand", "meridian-gateway", "meridian"};
  return !command.empty() && std::ranges::count(kBinaries, BaseName(command[0])) != 0 &&
         OptionOf(command, "--name") == name;
}

// By whatever path it was told. The emulator has no secret, but is told the home itself.
bool IsOfHome(const std::vector<std::string>& command, const Home& home) {
  const std::string secret = OptionOf(command, "--secret");
  const std::string told = secret.empty() ? OptionOf(command, "--data") : io::ParentOf(secret);
  return !told.empty() && io::CanonicalPath(told) == home.root();
}

// What the pid file says, if that is alive; who knows what it is.
std::optional<io::Pid> NotedPid(const Home& home, const std::string& name) {
  const Result<Bytes> text = io::ReadFile(home.PidFileOf(name));
  if (!text) return std::nullopt;
  io::Pid pid = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), pid);
  if (error != std::errc() || pid <= 0) return std::nullopt;
  if (io::StateOf(pid) == io::ProcessState::kGone) return std::nullopt;
  return pid;
}

std::vector<std::string> NotedNames(const Home& home) {
  std::vector<std::string> names;
  for (std::string& file : io::FilesIn(home.PidDirectory())) {
    if (!file.ends_with(kPidSuffix)) continue;
    file.resize(file.size() - kPidSuffix.size());
    names.push_back(std::move(file));
  }
  return names;
}

// Kills what has not ended by then.
void AwaitStopped(Stopped& one, Instant patience) {
  if (one.error || AwaitEnd(one.process.pid, patience)) return;
  one.killed = true;
  (void)io::SendSignal(one.process.pid, io::ProcessSignal::kKill);
  if (AwaitEnd(one.process.pid, io::Now().monotonic + kStopPatience)) return;
  one.error = {ErrorCode::kIo,
               one.process.name + " was killed and has not ended yet: its disk may be stuck"};
}

}  // namespace

std::optional<io::Pid> RunningPid(const Home& home, const std::string& name) {
  const auto pid = NotedPid(home, name);
  if (!pid) return std::nullopt;
  const std::vector<std::string> command = io::CommandLineOf(*pid);
  return IsNamed(command, name) && IsOfHome(command, home) ? pid : std::nullopt;
}

std::vector<RunningProcess> RunningIn(const Home& home) {
  std::vector<RunningProcess> running;
  for (const std::string& name : NotedNames(home)) {
    if (const auto pid = RunningPid(home, name)) running.push_back({name, *pid});
  }
  return running;
}

std::vector<RunningProcess> StrangersIn(const Home& home) {
  std::vector<RunningProcess> strangers;
  for (const std::string& name : NotedNames(home)) {
    const auto pid = NotedPid(home, name);
    if (!pid || RunningPid(home, name) || !IsNamed(io::CommandLineOf(*pid), name)) continue;
    strangers.push_back({name, *pid});
  }
  return strangers;
}

std::vector<Stopped> Stop(const Home& home, const std::vector<RunningProcess>& processes) {
  std::vector<Stopped> stopped;
  for (const RunningProcess& process : processes) {
    if (io::StateOf(process.pid) == io::ProcessState::kStopped) {
      (void)io::SendSignal(process.pid, io::ProcessSignal::kContinue);  // it would not hear us
    }
    const Result<Done> sent = io::SendSignal(process.pid, io::ProcessSignal::kTerminate);
    const bool done = sent || io::StateOf(process.pid) == io::ProcessState::kGone;
    stopped.push_back({process, false, done ? std::nullopt : std::optional(sent.error())});
  }
  const Instant patience = io::Now().monotonic + kStopPatience;
  for (Stopped& one : stopped) {
    AwaitStopped(one, patience);
    if (!one.error) (void)io::Remove(home.PidFileOf(one.process.name));
  }
  return stopped;
}

// A process that ends has no command line any more, and its ports for a moment yet.
bool AwaitEnd(io::Pid pid, Instant deadline) {
  while (io::StateOf(pid) != io::ProcessState::kGone) {
    if (io::Now().monotonic > deadline) return false;
    io::SleepFor(kExitPoll);
  }
  return true;
}

}  // namespace meridian::client
