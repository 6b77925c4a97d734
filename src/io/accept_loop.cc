#include "io/accept_loop.h"

#include <utility>

namespace meridian::io {

namespace {

using boost::system::error_code;

constexpr std::chrono::milliseconds kPauseAfterError{100};

}  // namespace

AcceptLoop::AcceptLoop(asio::io_context& io, Endpoint endpoint, Take take)
    : endpoint_(std::move(endpoint)), take_(std::move(take)), acceptor_(io), pause_(io) {}

Result<Done> AcceptLoop::Start() {
  if (Result<Done> listening = Listen(acceptor_, endpoint_); !listening) return listening;
  error_code error;
  port_ = acceptor_.local_endpoint(error).port();
  Accept();
  return Done{};
}

void AcceptLoop::Stop() {
  stopped_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void AcceptLoop::Accept() {
  acceptor_.async_accept(
      [this, self = shared_from_this()](const error_code& error, tcp::socket socket) {
        if (stopped_) return;
        if (!error) {
          take_(std::move(socket));
          if (!stopped_) Accept();
          return;
        }
        pause_.expires_after(kPauseAfterError);
        pause_.async_wait([this, self](const error_code&) {
          if (!stopped_) Accept();
        });
      });
}

}  // namespace meridian::io
