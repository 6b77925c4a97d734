#include "io/tcp.h"

#include <netinet/tcp.h>

#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/ip/address.hpp>

#include "io/loopback.h"

namespace meridian::io {

namespace {

using boost::system::error_code;

template <int kName>
using TcpNumber = asio::detail::socket_option::integer<IPPROTO_TCP, kName>;

}  // namespace

std::string ToString(const Endpoint& endpoint) {
  return endpoint.host + ':' + std::to_string(endpoint.port);
}

Result<Done> Listen(tcp::acceptor& acceptor, const Endpoint& endpoint) {
  if (Result<Done> allowed = RequireLoopback(endpoint.host); !allowed) return allowed;
  const std::string what = "listen on " + ToString(endpoint) + ": ";
  error_code error;
  const auto address =
      asio::ip::make_address(endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host, error);
  if (error) return Fail(ErrorCode::kInvalidArgument, what + "not an IP address");
  const tcp::endpoint local(address, endpoint.port);
  const auto close = [&] {
    error_code ignored;
    acceptor.close(ignored);
    return Fail(ErrorCode::kIo, what + error.message());
  };
  if (acceptor.open(local.protocol(), error); error) return close();
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), error); error) return close();
  if (acceptor.bind(local, error); error) return close();
  if (acceptor.listen(tcp::acceptor::max_listen_connections, error); error) return close();
  return Done{};
}

void Tune(tcp::socket& socket) {
  // Options of a connection that is already lost fail; the next read tells.
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(tcp::socket::keep_alive(true), ignored);
  socket.set_option(TcpNumber<TCP_KEEPIDLE>(4), ignored);
  socket.set_option(TcpNumber<TCP_KEEPINTVL>(2), ignored);
  socket.set_option(TcpNumber<TCP_KEEPCNT>(3), ignored);
  socket.set_option(TcpNumber<TCP_USER_TIMEOUT>(10'000), ignored);
}

void Abort(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::socket::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace meridian::io
