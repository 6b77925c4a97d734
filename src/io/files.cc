#include "io/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>

namespace meridian::io {
namespace {

namespace fs = std::filesystem;

Failure Failed(const std::string& what, const std::string& path, const std::string& why) {
  return Fail(ErrorCode::kIo, "cannot " + what + ' ' + path + ": " + why);
}

Failure Failed(const std::string& what, const std::string& path) {
  return Failed(what, path, std::strerror(errno));
}

Result<Bytes> ReadAll(int file, const std::string& path) {
  Bytes content;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t size = ::read(file, buffer, sizeof buffer);
    if (size == 0) return content;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Failed("read", path);
    content.append(buffer, static_cast<std::size_t>(size));
  }
}

bool WriteAll(int file, ByteView content) {
  while (!content.empty()) {
    const ssize_t size = ::write(file, content.data(), content.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace

Result<Bytes> ReadFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Failed("read", path);
  Result<Bytes> content = ReadAll(file, path);
  ::close(file);
  return content;
}

Result<Bytes> ReadStandardInput() {
  return ReadAll(STDIN_FILENO, "standard input");
}

Result<Done> WriteFile(const std::string& path, ByteView content, unsigned mode) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return Failed("write", fresh);
  const bool written = WriteAll(file, content);
  const int error = errno;
  ::close(file);
  if (!written) return Failed("write", fresh, std::strerror(error));
  if (::rename(fresh.c_str(), path.c_str()) != 0) return Failed("write", path);
  return Done{};
}

Result<Done> MakeDirectories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return Failed("create", path, error.message());
  return Done{};
}

Result<Done> Remove(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return Failed("remove", path, error.message());
  return Done{};
}

std::vector<std::string> FilesIn(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool FileExists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  return error ? path : absolute.string();
}

std::string CanonicalPath(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(fs::absolute(path, error), error);
  return error || canonical.empty() ? AbsolutePath(path) : canonical.string();
}

std::string ParentOf(const std::string& path) {
  return fs::path(path).parent_path().string();
}

std::vector<std::string> LastLines(const std::string& path, std::size_t count) {
  std::ifstream file(path);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(std::move(line));
    if (lines.size() > count) lines.pop_front();
  }
  return {lines.begin(), lines.end()};
}

}  // namespace meridian::io
