// One ZeroMQ socket on an io_context: options set, errors as values, zmq::error_t ends here.
//
// ZMQ_FD wakes on an edge and tells nothing about which event. So the rule of use is:
//
//     OnWake(...)  -> Receive until it is false (or Writable), then Wait() again
//     Send(...)    -> on a socket that also receives, Receive until it is false afterwards: a send
//                     may have swallowed the edge that announced an arrival
//
// Marks count frames, `unsent_max` counts what ZeroMQ holds of large ones: together they bound the
// memory of a peer that does not read. They are not flow control. Heartbeats of ZeroMQ stay off:
// with a finite receive mark 4.3.4 aborts the process. A socket belongs to the thread of its
// io_context and goes before it.

#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <zmq.hpp>

#include "base/bytes.h"
#include "base/result.h"
#include "io/frame.h"

namespace meridian::io {

namespace asio = boost::asio;

// Bytes of large frames that ZeroMQ has taken and not yet written out; its thread gives them back,
// maybe after the socket is gone.
using UnsentBytes = std::shared_ptr<std::atomic<std::size_t>>;
inline UnsentBytes NoUnsentBytes() {
  return std::make_shared<std::atomic<std::size_t>>(0);
}

class ZmqSocket {
 public:
  enum class Kind { kRouter, kDealer };
  enum class Sent {
    kDone,
    kWouldBlock,  // no connection, or the peer is behind
    kTooMuch,     // it could be sent, but too many bytes wait already; no wake announces an end
    kNoPeer,      // of a router: that peer is gone
  };
  struct Options {
    Kind kind = Kind::kDealer;
    int send_mark = 256;   // frames waiting for one peer
    int receive_mark = 0;  // 0: none. Keep it so on dealers, which outlive their connections
    int linger_ms = 0;     // how long a close waits for frames that are still to be sent
    std::size_t unsent_max = std::size_t{32} << 20;  // bytes of large frames, of all peers
    std::size_t frame_max = kFrameBytesMax;          // a larger one ends its connection
  };

  // kIo when the process is out of file descriptors or sockets.
  static Result<std::unique_ptr<ZmqSocket>> Open(asio::io_context& loop, zmq::context_t& context,
                                                 const Options& options);
  ~ZmqSocket();
  ZmqSocket(const ZmqSocket&) = delete;
  ZmqSocket& operator=(const ZmqSocket&) = delete;

  // `endpoint` is "tcp://host:port"; Bind refuses what is not loopback.
  Result<Done> Bind(const std::string& endpoint);
  Result<Done> Connect(const std::string& endpoint);

  // What Wait calls; to be set before it.
  void OnWake(std::function<void()> wake) { wake_ = std::move(wake); }
  // One wake for the next event; nothing if it is already waiting.
  void Wait();

  // The next part of a message; false when there is none now. Only whole messages arrive.
  bool Receive(zmq::message_t& part);
  // Drops the parts of the current message that were not received yet.
  void SkipRest(const zmq::message_t& last);
  bool Writable();
  bool Readable();

  // For ZmqMonitor.
  void* handle() { return socket_.handle(); }

  // One message of one part. Nothing is sent unless the result is kDone.
  Sent Send(Bytes&& frame) { return SendCounted(std::move(frame), nullptr); }
  // The same to one peer of a router, whose own share of the unsent bytes is bounded too.
  Sent SendTo(ByteView peer, Bytes&& frame, const UnsentBytes& of_peer, std::size_t peer_max);

 private:
  ZmqSocket(asio::io_context& loop, zmq::socket_t socket, int descriptor, std::size_t unsent_max);
  int Events();
  Sent SendCounted(Bytes&& frame, const UnsentBytes& of_peer);
  Sent SendPart(zmq::message_t& part, int flags);

  zmq::socket_t socket_;
  asio::posix::stream_descriptor descriptor_;
  std::function<void()> wake_;
  bool waiting_ = false;
  const std::size_t unsent_max_;
  UnsentBytes unsent_ = NoUnsentBytes();
  std::shared_ptr<ZmqSocket*> self_;  // outlived by no handler that still uses the socket
};

}  // namespace meridian::io
