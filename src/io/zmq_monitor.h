// Tells when a connection of a ZmqSocket is there, and when it is lost: its process ended, or its
// host said so.
//
//     auto monitor = ZmqMonitor::Open(loop, context, socket.handle(), [](bool connected) { ... });
//
// ZeroMQ reconnects by itself and tells nobody; who waits for an answer of a process that was
// killed would wait for as long as it waits for a slow one. The socket itself may be a moment
// behind what is told here: with answers that it still has, and writable though nobody reads.
// Belongs to the thread of the io_context, and goes before the socket that it watches.

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <zmq.hpp>

#include "base/result.h"

namespace meridian::io {

class ZmqMonitor {
 public:
  // kIo when the process is out of file descriptors or sockets.
  static Result<std::unique_ptr<ZmqMonitor>> Open(boost::asio::io_context& loop,
                                                  zmq::context_t& context, void* watched,
                                                  std::function<void(bool connected)> told);
  ~ZmqMonitor();
  ZmqMonitor(const ZmqMonitor&) = delete;
  ZmqMonitor& operator=(const ZmqMonitor&) = delete;

 private:
  ZmqMonitor(boost::asio::io_context& loop, void* watched, zmq::socket_t events, int descriptor,
             std::function<void(bool connected)> told);
  void Wait();
  void Drain();

  void* watched_;
  zmq::socket_t events_;
  boost::asio::posix::stream_descriptor descriptor_;
  std::function<void(bool connected)> told_;
  std::shared_ptr<ZmqMonitor*> self_;
};

}  // namespace meridian::io
