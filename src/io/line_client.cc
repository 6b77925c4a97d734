#include "io/line_client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace meridian::io {
namespace {

class Connection {
 public:
  explicit Connection(Duration timeout)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    const timeval limit{seconds.count(), (timeout - seconds).count()};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool Connect(const Endpoint& endpoint) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    if (::inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) != 1) return false;
    return ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  bool Send(const std::string& text) {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  // Appends what has arrived; false at the end, or when nothing came in time.
  bool Receive(std::string& text) {
    char buffer[4096];
    const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
    if (size <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(size));
    return true;
  }

 private:
  int socket_;
};

// The start of the last complete line.
std::size_t LastLine(const std::string& text) {
  const std::size_t before =
      text.size() < 2 ? std::string::npos : text.rfind('\n', text.size() - 2);
  return before == std::string::npos ? 0 : before + 1;
}

}  // namespace

Result<std::string> AskLine(const Endpoint& endpoint, const std::string& line, Duration timeout) {
  Connection connection(timeout);
  if (!connection.Connect(endpoint) || !connection.Send(line + '\n')) {
    return Fail(ErrorCode::kIo,
                "nobody answers on " + ToString(endpoint) + ": " + std::strerror(errno));
  }
  std::string text;
  while (connection.Receive(text)) {
    if (!text.ends_with('\n')) continue;
    const std::string last = text.substr(LastLine(text));
    if (last == "ok\n") return text.substr(0, text.size() - last.size());
    if (last.starts_with("error: ")) {
      return Fail(ErrorCode::kInvalidArgument, last.substr(7, last.size() - 8));
    }
  }
  return Fail(ErrorCode::kIo, ToString(endpoint) + " did not answer '" + line + "' in time");
}

}  // namespace meridian::io
