#include "io/zmq_socket.h"

#include "base/check.h"
#include "io/loopback.h"

namespace meridian::io {
namespace {

// From this size on a frame is handed over instead of copied.
constexpr std::size_t kHandOverBytes = 16 * 1024;

void SetOptions(zmq::socket_t& socket, const ZmqSocket::Options& options) {
  socket.set(zmq::sockopt::linger, options.linger_ms);
  socket.set(zmq::sockopt::sndhwm, options.send_mark);
  socket.set(zmq::sockopt::rcvhwm, options.receive_mark);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(options.frame_max));
  socket.set(zmq::sockopt::handshake_ivl, 5000);
  socket.set(zmq::sockopt::ipv6, true);
  if (options.kind == ZmqSocket::Kind::kRouter) {
    socket.set(zmq::sockopt::router_mandatory, true);
  } else {
    socket.set(zmq::sockopt::immediate, true);
    socket.set(zmq::sockopt::reconnect_ivl, 50);
    socket.set(zmq::sockopt::reconnect_ivl_max, 1000);
    socket.set(zmq::sockopt::tcp_maxrt, 10'000);  // a host that vanished without a word
  }
}

// A frame in ZeroMQ's hands, and who counts it.
struct HandedOver {
  Bytes frame;
  UnsentBytes of_socket;
  UnsentBytes of_peer;  // or none

  HandedOver(Bytes&& bytes, UnsentBytes socket, UnsentBytes peer)
      : frame(std::move(bytes)), of_socket(std::move(socket)), of_peer(std::move(peer)) {
    of_socket->fetch_add(frame.size());
    if (of_peer) of_peer->fetch_add(frame.size());
  }
  HandedOver(const HandedOver&) = delete;
  HandedOver& operator=(const HandedOver&) = delete;
  ~HandedOver() {
    of_socket->fetch_sub(frame.size());
    if (of_peer) of_peer->fetch_sub(frame.size());
  }
};

zmq::message_t MessageOf(Bytes&& frame, const UnsentBytes& of_socket, const UnsentBytes& of_peer) {
  if (frame.size() < kHandOverBytes) return zmq::message_t(frame.data(), frame.size());
  auto* const owned = new HandedOver(std::move(frame), of_socket, of_peer);
  const auto release = [](void*, void* handed) { delete static_cast<HandedOver*>(handed); };
  return zmq::message_t(owned->frame.data(), owned->frame.size(), release, owned);
}

// One frame alone may be larger than the bound.
bool IsTooMuch(std::size_t unsent, const Bytes& frame, std::size_t max) {
  return frame.size() >= kHandOverBytes && unsent != 0 && unsent + frame.size() > max;
}

Failure Refused(const std::string& what, const zmq::error_t& error) {
  return Fail(ErrorCode::kIo, what + ": " + error.what());
}

}  // namespace

Result<std::unique_ptr<ZmqSocket>> ZmqSocket::Open(asio::io_context& loop, zmq::context_t& context,
                                                   const Options& options) {
  try {
    zmq::socket_t socket(context, options.kind == Kind::kRouter ? ZMQ_ROUTER : ZMQ_DEALER);
    SetOptions(socket, options);
    const int descriptor = socket.get(zmq::sockopt::fd);
    return std::unique_ptr<ZmqSocket>(
        new ZmqSocket(loop, std::move(socket), descriptor, options.unsent_max));
  } catch (const zmq::error_t& error) {
    return Refused("cannot open a ZeroMQ socket", error);
  } catch (const boost::system::system_error& error) {
    return Fail(ErrorCode::kIo, std::string("cannot watch a ZeroMQ socket: ") + error.what());
  }
}

ZmqSocket::ZmqSocket(asio::io_context& loop, zmq::socket_t socket, int descriptor,
                     std::size_t unsent_max)
    : socket_(std::move(socket)),
      descriptor_(loop, descriptor),
      unsent_max_(unsent_max),
      self_(std::make_shared<ZmqSocket*>(this)) {}

// The descriptor is ZeroMQ's to close.
ZmqSocket::~ZmqSocket() {
  descriptor_.release();
}

Result<Done> ZmqSocket::Bind(const std::string& endpoint) {
  const std::size_t start = endpoint.find("://");
  const std::size_t colon = endpoint.rfind(':');
  if (start == std::string::npos || colon <= start + 3) {
    return Fail(ErrorCode::kInvalidArgument, "'" + endpoint + "' is not tcp://host:port");
  }
  std::string host = endpoint.substr(start + 3, colon - start - 3);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (Result<Done> allowed = RequireLoopback(host); !allowed) return allowed;
  try {
    // ZeroMQ binds to interfaces and addresses, not to names.
    socket_.bind(host == "localhost" ? "tcp://127.0.0.1" + endpoint.substr(colon) : endpoint);
    return Done{};
  } catch (const zmq::error_t& error) {
    return Refused("cannot bind " + endpoint, error);
  }
}

Result<Done> ZmqSocket::Connect(const std::string& endpoint) {
  try {
    socket_.connect(endpoint);
    return Done{};
  } catch (const zmq::error_t& error) {
    return Refused("cannot connect to " + endpoint, error);
  }
}

void ZmqSocket::Wait() {
  if (waiting_) return;
  waiting_ = true;
  descriptor_.async_wait(
      asio::posix::stream_descriptor::wait_read,
      [self = std::weak_ptr<ZmqSocket*>(self_)](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (!alive || error) return;
        (*alive)->waiting_ = false;
        (*alive)->wake_();
      });
}

bool ZmqSocket::Receive(zmq::message_t& part) {
  while (zmq_msg_recv(part.handle(), socket_.handle(), ZMQ_DONTWAIT) < 0) {
    if (zmq_errno() != EINTR) return false;
  }
  return true;
}

void ZmqSocket::SkipRest(const zmq::message_t& last) {
  bool more = last.more();
  for (zmq::message_t rest; more && Receive(rest);) more = rest.more();
}

int ZmqSocket::Events() {
  int events = 0;
  std::size_t size = sizeof events;
  const int failed = zmq_getsockopt(socket_.handle(), ZMQ_EVENTS, &events, &size);
  return failed == 0 ? events : 0;
}

bool ZmqSocket::Writable() {
  return (Events() & ZMQ_POLLOUT) != 0;
}

bool ZmqSocket::Readable() {
  return (Events() & ZMQ_POLLIN) != 0;
}

ZmqSocket::Sent ZmqSocket::SendPart(zmq::message_t& part, int flags) {
  while (zmq_msg_send(part.handle(), socket_.handle(), flags | ZMQ_DONTWAIT) < 0) {
    const int error = zmq_errno();
    if (error == EHOSTUNREACH) return Sent::kNoPeer;
    if (error != EINTR) return Sent::kWouldBlock;
  }
  return Sent::kDone;
}

ZmqSocket::Sent ZmqSocket::SendCounted(Bytes&& frame, const UnsentBytes& of_peer) {
  if (IsTooMuch(unsent_->load(), frame, unsent_max_)) return Sent::kTooMuch;
  zmq::message_t part = MessageOf(std::move(frame), unsent_, of_peer);
  return SendPart(part, 0);
}

ZmqSocket::Sent ZmqSocket::SendTo(ByteView peer, Bytes&& frame, const UnsentBytes& of_peer,
                                  std::size_t peer_max) {
  if (IsTooMuch(of_peer->load(), frame, peer_max) ||
      IsTooMuch(unsent_->load(), frame, unsent_max_)) {
    return Sent::kTooMuch;
  }
  zmq::message_t address(peer.data(), peer.size());
  // A mandatory router refuses at the address, or takes the whole message.
  if (const Sent sent = SendPart(address, ZMQ_SNDMORE); sent != Sent::kDone) return sent;
  zmq::message_t part = MessageOf(std::move(frame), unsent_, of_peer);
  return SendPart(part, 0);
}

}  // namespace meridian::io
