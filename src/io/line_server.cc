#include "io/line_server.h"

#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <istream>
#include <utility>

namespace meridian::io {

namespace {

using boost::system::error_code;

constexpr std::size_t kLineBytesMax = 4096;
constexpr std::size_t kSessionsMax = 16;

}  // namespace

struct LineServer::Session {
  explicit Session(tcp::socket accepted) : socket(std::move(accepted)) {}

  tcp::socket socket;
  asio::streambuf received{kLineBytesMax};
  std::string reply;
};

LineServer::LineServer(asio::io_context& io, Endpoint endpoint, Answer answer)
    : answer_(std::move(answer)),
      accept_loop_(std::make_shared<AcceptLoop>(
          io, std::move(endpoint), [this](tcp::socket socket) { Take(std::move(socket)); })) {}

Result<Done> LineServer::Start() {
  return accept_loop_->Start();
}

void LineServer::Stop() {
  stopped_ = true;
  accept_loop_->Stop();
  error_code ignored;
  // A session that is being answered ends when it has been; one that is idle ends now.
  for (const auto& session : sessions_) {
    if (session->reply.empty()) session->socket.close(ignored);
  }
}

void LineServer::Take(tcp::socket socket) {
  if (sessions_.size() >= kSessionsMax) return;
  const auto session = std::make_shared<Session>(std::move(socket));
  sessions_.insert(session);
  ReadLine(session);
}

void LineServer::ReadLine(const std::shared_ptr<Session>& session) {
  asio::async_read_until(
      session->socket, session->received, '\n',
      [this, self = shared_from_this(), session](const error_code& error, std::size_t) {
        if (error || stopped_) {
          sessions_.erase(session);
          return;
        }
        Reply(session);
      });
}

void LineServer::Reply(const std::shared_ptr<Session>& session) {
  std::istream input(&session->received);
  std::string line;
  std::getline(input, line);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  session->reply.assign(1, ' ');  // being answered, should the answer be to stop
  session->reply = answer_(line);
  asio::async_write(
      session->socket, asio::buffer(session->reply),
      [this, self = shared_from_this(), session](const error_code& error, std::size_t) {
        session->reply.clear();
        if (error || stopped_) {
          sessions_.erase(session);
          return;
        }
        ReadLine(session);
      });
}

}  // namespace meridian::io
