#include "io/http_server.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "io/tcp.h"

namespace meridian::io {
namespace {

using Code = boost::system::error_code;

// Connections over the limit that may be open for as long as it takes to tell them so.
constexpr std::size_t kRefusalsMax = 64;
constexpr std::chrono::milliseconds kAcceptRetry{100};

}  // namespace

HttpServer::HttpServer(asio::io_context& context, Options options, Serve serve, HttpExtras extras)
    : context_(context),
      acceptor_(context),
      sweep_timer_(context),
      accept_timer_(context),
      shared_(std::make_shared<HttpShared>(std::move(options))) {
  shared_->serve = std::move(serve);
  shared_->extras = std::move(extras);
}

HttpServer::~HttpServer() {
  shared_->abandoned = true;  // handlers that are already queued must not touch `this`
  shared_->emptied = {};
  const auto sessions = shared_->sessions;
  for (const auto& session : sessions) session->Close();
}

Result<Done> HttpServer::Start() {
  const Endpoint endpoint{shared_->options.host, shared_->options.port};
  if (Result<Done> listening = Listen(acceptor_, endpoint); !listening) {
    return Fail(listening.error().code, "HTTP: " + listening.error().message);
  }
  Code ignored;
  port_ = acceptor_.local_endpoint(ignored).port();
  Accept();
  return Done{};
}

void HttpServer::Accept() {
  acceptor_.async_accept([this, shared = shared_](Code error, tcp::socket socket) {
    if (shared->abandoned || !acceptor_.is_open()) return;
    if (error) return RetryAccept();
    Admit(std::move(socket));
    Accept();
  });
}

// Out of file descriptors, most likely: trying again at once would spin.
void HttpServer::RetryAccept() {
  accept_timer_.expires_after(kAcceptRetry);
  accept_timer_.async_wait([this, shared = shared_](Code error) {
    if (!error && !shared->abandoned && acceptor_.is_open()) Accept();
  });
}

void HttpServer::Admit(tcp::socket socket) {
  Code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const std::size_t open = shared_->sessions.size();
  const std::size_t limit = shared_->options.connections_max;
  if (open >= limit) ++shared_->refused_total;
  if (open >= limit + kRefusalsMax) return;
  const auto session = std::make_shared<HttpSession>(std::move(socket), shared_);
  shared_->sessions.insert(session);
  if (open >= limit) {
    session->Refuse(BusyResponse("too many connections: reuse them, or try again later"));
  } else {
    session->Start();
  }
  ScheduleSweep();
}

void HttpServer::ScheduleSweep() {
  if (sweeping_ || shared_->sessions.empty()) return;
  sweeping_ = true;
  const auto& options = shared_->options;
  const auto shortest = std::min({options.idle_timeout, options.linger, options.answer_grace});
  sweep_timer_.expires_after(
      std::clamp(shortest / 2, std::chrono::milliseconds(10), std::chrono::milliseconds(1'000)));
  sweep_timer_.async_wait([this, shared = shared_](Code error) {
    if (error || shared->abandoned) return;
    sweeping_ = false;
    Sweep();
    ScheduleSweep();
  });
}

void HttpServer::Sweep() {
  const auto now = HttpSession::Clock::now();
  const auto sessions = shared_->sessions;  // a session that closes leaves the set
  for (const auto& session : sessions) session->Sweep(now);
}

void HttpServer::Stop(std::function<void()> drained) {
  Code ignored;
  acceptor_.close(ignored);
  accept_timer_.cancel();
  shared_->draining = true;
  shared_->emptied = [this, drained = std::move(drained)] {
    sweep_timer_.cancel();
    if (drained) asio::post(context_, drained);
  };
  const auto sessions = shared_->sessions;
  for (const auto& session : sessions) session->Drain();
  // Closing the last one has called `emptied`; without any, nobody has.
  if (sessions.empty()) shared_->emptied();
}

}  // namespace meridian::io
