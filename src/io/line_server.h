// A text protocol for people and scripts on a loopback port: a line is asked, lines are answered.
//
//     $ printf 'status\n' | nc 127.0.0.1 7900
//
// Lines longer than 4 KB end the connection. Owned by a shared_ptr; Stop ends it.

#pragma once

#include <boost/asio/streambuf.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "io/accept_loop.h"
#include "io/tcp.h"

namespace meridian::io {

class LineServer : public std::enable_shared_from_this<LineServer> {
 public:
  // `answer` is given a line without its end, and gives whole lines.
  using Answer = std::function<std::string(const std::string& line)>;

  LineServer(asio::io_context& io, Endpoint endpoint, Answer answer);

  Result<Done> Start();
  // Answers already given are still sent; nothing is asked of `answer` any more.
  void Stop();
  std::uint16_t port() const { return accept_loop_->port(); }

 private:
  struct Session;

  void Take(tcp::socket socket);
  void ReadLine(const std::shared_ptr<Session>& session);
  void Reply(const std::shared_ptr<Session>& session);

  const Answer answer_;
  const std::shared_ptr<AcceptLoop> accept_loop_;
  bool stopped_ = false;
  std::set<std::shared_ptr<Session>> sessions_;
};

}  // namespace meridian::io
