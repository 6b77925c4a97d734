// What the users of TCP in src/io share: where to listen, and how a socket is set up and given up.
//
//     tcp::acceptor acceptor(io);
//     if (Result<Done> listening = Listen(acceptor, {"127.0.0.1", 7119}); !listening) ...
//
// Listening is refused beyond loopback: nothing is encrypted yet.

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace meridian::io {

namespace asio = boost::asio;
using asio::ip::tcp;

struct Endpoint {
  std::string host = "127.0.0.1";  // an address or, to connect to, a name
  std::uint16_t port = 0;          // 0, to listen: any that is free

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// "127.0.0.1:7119"
std::string ToString(const Endpoint& endpoint);

// Opens, binds and listens. kInvalidArgument beyond loopback, kIo if the port is not to be had.
Result<Done> Listen(tcp::acceptor& acceptor, const Endpoint& endpoint);

// For a connection between regions: no Nagle, and a peer that is silent for ten seconds is dead,
// whether there is something to say to it or not.
void Tune(tcp::socket& socket);

// Closes at once; the peer sees a reset, and what is still unsent is lost.
void Abort(tcp::socket& socket);

}  // namespace meridian::io
