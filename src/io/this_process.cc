#include "io/this_process.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "io/clocks.h"

namespace meridian::io {

std::string ExecutablePath() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return size <= 0 ? std::string() : std::string(path, static_cast<std::size_t>(size));
}

std::optional<std::string> EnvironmentVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

bool IsTerminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

std::size_t TerminalColumns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

void SleepFor(Duration duration) {
  std::this_thread::sleep_for(duration);
}

Result<Bytes> SecretRandomBytes(std::size_t size) {
  Bytes bytes(size, '\0');
  const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
  if (got == static_cast<ssize_t>(size)) return bytes;
  return Fail(ErrorCode::kIo, std::string("no random bytes: ") + std::strerror(errno));
}

Result<std::vector<Duration>> MeasureSyncs(const std::string& directory, std::size_t count) {
  const std::string path = directory + "/sync_probe";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) {
    return Fail(ErrorCode::kIo, "cannot write " + path + ": " + std::strerror(errno));
  }
  const Bytes content(128, 'x');
  std::vector<Duration> times;
  bool failed = false;
  for (std::size_t i = 0; i < count && !failed; ++i) {
    const Instant start = Now().monotonic;
    failed = ::write(file, content.data(), content.size()) < 0 || ::fdatasync(file) != 0;
    times.push_back(Now().monotonic - start);
  }
  const int error = errno;
  ::close(file);
  ::unlink(path.c_str());
  if (failed) return Fail(ErrorCode::kIo, "cannot sync " + path + ": " + std::strerror(error));
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace meridian::io
