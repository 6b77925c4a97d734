// Listens on a loopback port and hands over every connection that comes, until it is stopped.
//
// When the process has no descriptors left it pauses instead of spinning. Owned by a shared_ptr,
// for handlers under way keep it alive; once stopped it calls nobody.

#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "io/tcp.h"

namespace meridian::io {

class AcceptLoop : public std::enable_shared_from_this<AcceptLoop> {
 public:
  using Take = std::function<void(tcp::socket)>;

  AcceptLoop(asio::io_context& io, Endpoint endpoint, Take take);

  Result<Done> Start();
  void Stop();
  // Once started.
  std::uint16_t port() const { return port_; }

 private:
  void Accept();

  const Endpoint endpoint_;
  const Take take_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
  bool stopped_ = false;
};

}  // namespace meridian::io
