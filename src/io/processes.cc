#include "io/processes.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "base/check.h"

extern char** environ;

namespace meridian::io {
namespace {

namespace fs = std::filesystem;

std::string ProcPath(Pid pid, const std::string& file) {
  return "/proc/" + std::to_string(pid) + '/' + file;
}

std::string ReadSmall(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

constexpr std::size_t kThreadsField = 17;  // num_threads of proc(5), from the state on

// The fields of /proc/PID/stat from the state on: the name before it may hold anything.
std::vector<std::string> StatOf(Pid pid) {
  const std::string stat = ReadSmall(ProcPath(pid, "stat"));
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(stat.substr(name_end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(std::move(field));
  return fields;
}

// The inode of the socket that listens on the port, from one of the kernel's two tables.
std::optional<std::string> ListeningInode(const std::string& table, std::uint16_t port) {
  std::ifstream lines(table);
  char wanted[6];
  std::snprintf(wanted, sizeof wanted, ":%04X", port);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
        timeout >> inode;
    if (state == "0A" && local.ends_with(wanted)) return inode;
  }
  return std::nullopt;
}

bool HoldsSocket(const fs::path& process, const std::string& inode) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(process / "fd", error)) {
    std::error_code unreadable;
    if (fs::read_symlink(entry.path(), unreadable) == "socket:[" + inode + "]") return true;
  }
  return false;
}

// Ours, and memory at hand: of blocks of one size a thread of glibc keeps seven that were freed; a
// server's turn under load frees dozens, and the rest goes the slow way, with locks. It can only be
// set from outside (docs/adr/0013-a-put-for-less.md).
std::vector<char*> EnvironmentOfServers() {
  static char tunables[] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=256";
  std::vector<char*> variables;
  bool is_set = false;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.push_back(*variable);
    is_set = is_set || std::string_view(*variable).starts_with("GLIBC_TUNABLES=");
  }
  if (!is_set) variables.push_back(tunables);
  variables.push_back(nullptr);
  return variables;
}

}  // namespace

Result<Pid> StartDetached(const std::vector<std::string>& arguments, const std::string& log) {
  MERIDIAN_CHECK(!arguments.empty());
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);

  std::vector<char*> environment = EnvironmentOfServers();
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, argv[0], &files, &attributes, argv.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) {
    return Fail(ErrorCode::kIo, "cannot start " + arguments[0] + ": " + std::strerror(error));
  }
  // The kernel lets us go on before the new command line can be read; who looks at once would take
  // the process for somebody else's.
  for (int tries = 0; tries < 10'000 && CommandLineOf(pid).empty(); ++tries) sched_yield();
  return pid;
}

ProcessState StateOf(Pid pid) {
  waitpid(pid, nullptr, WNOHANG);  // if it is a child that has ended, let it go
  const std::vector<std::string> stat = StatOf(pid);
  if (stat.empty() || stat[0] == "X") return ProcessState::kGone;
  // Its first thread may have ended before others, which hold its files.
  const bool has_threads = stat.size() > kThreadsField && std::stoi(stat[kThreadsField]) > 1;
  if (stat[0] == "Z" && !has_threads) return ProcessState::kGone;
  return stat[0] == "T" ? ProcessState::kStopped : ProcessState::kRunning;
}

std::vector<std::string> CommandLineOf(Pid pid) {
  std::istringstream content(ReadSmall(ProcPath(pid, "cmdline")));
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(content, argument, '\0');) {
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

Result<Done> SendSignal(Pid pid, ProcessSignal signal) {
  constexpr int kNumbers[] = {SIGTERM, SIGKILL, SIGSTOP, SIGCONT};
  if (::kill(pid, kNumbers[static_cast<std::size_t>(signal)]) == 0) return Done{};
  return Fail(ErrorCode::kIo,
              "cannot signal process " + std::to_string(pid) + ": " + std::strerror(errno));
}

std::optional<std::uint64_t> CpuNanosecondsOf(Pid pid) {
  std::uint64_t total = 0;
  std::error_code error;
  for (const auto& thread : fs::directory_iterator(ProcPath(pid, "task"), error)) {
    std::ifstream file(thread.path() / "schedstat");
    std::uint64_t nanoseconds = 0;
    if (file >> nanoseconds) total += nanoseconds;
  }
  if (total > 0) return total;
  const std::vector<std::string> stat = StatOf(pid);
  if (stat.size() < 13) return std::nullopt;
  const std::uint64_t ticks = std::stoull(stat[11]) + std::stoull(stat[12]);
  return ticks * 1'000'000'000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
}

std::optional<std::uint64_t> ResidentBytesOf(Pid pid) {
  std::ifstream file(ProcPath(pid, "statm"));
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(file >> size >> resident)) return std::nullopt;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::string> ListenerOf(std::uint16_t port) {
  std::optional<std::string> inode = ListeningInode("/proc/net/tcp", port);
  if (!inode) inode = ListeningInode("/proc/net/tcp6", port);
  if (!inode) return std::nullopt;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (!HoldsSocket(entry.path(), *inode)) continue;
    std::string command = ReadSmall(entry.path() / "comm");
    while (command.ends_with('\n')) command.pop_back();
    return command + " (pid " + name + ')';
  }
  return "a process that is not yours";
}

}  // namespace meridian::io
