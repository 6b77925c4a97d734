#include "io/zmq_monitor.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace meridian::io {
namespace {

constexpr int kEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;

}  // namespace

Result<std::unique_ptr<ZmqMonitor>> ZmqMonitor::Open(boost::asio::io_context& loop,
                                                     zmq::context_t& context, void* watched,
                                                     std::function<void(bool connected)> told) {
  try {
    const std::string endpoint =
        "inproc://monitor-" + std::to_string(reinterpret_cast<std::uintptr_t>(watched));
    if (zmq_socket_monitor(watched, endpoint.c_str(), kEvents) != 0) {
      throw zmq::error_t();
    }
    zmq::socket_t events(context, ZMQ_PAIR);
    events.set(zmq::sockopt::linger, 0);
    events.connect(endpoint);
    const int descriptor = events.get(zmq::sockopt::fd);
    std::unique_ptr<ZmqMonitor> monitor(
        new ZmqMonitor(loop, watched, std::move(events), descriptor, std::move(told)));
    // Nothing wakes who has not once found nothing.
    monitor->Drain();
    return monitor;
  } catch (const zmq::error_t& error) {
    return Fail(ErrorCode::kIo, std::string("cannot watch a connection: ") + error.what());
  } catch (const boost::system::system_error& error) {
    return Fail(ErrorCode::kIo, std::string("cannot watch a connection: ") + error.what());
  }
}

ZmqMonitor::ZmqMonitor(boost::asio::io_context& loop, void* watched, zmq::socket_t events,
                       int descriptor, std::function<void(bool connected)> told)
    : watched_(watched),
      events_(std::move(events)),
      descriptor_(loop, descriptor),
      told_(std::move(told)),
      self_(std::make_shared<ZmqMonitor*>(this)) {}

// The descriptor is ZeroMQ's to close.
ZmqMonitor::~ZmqMonitor() {
  descriptor_.release();
  zmq_socket_monitor(watched_, nullptr, 0);
}

void ZmqMonitor::Wait() {
  descriptor_.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      [self = std::weak_ptr<ZmqMonitor*>(self_)](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (alive && !error) (*alive)->Drain();
      });
}

// An event is two parts: its number, in two bytes, with a value, and the endpoint. All must be read
// before the next wait: the descriptor wakes on an edge.
void ZmqMonitor::Drain() {
  std::vector<bool> news;
  zmq::message_t part;
  while (zmq_msg_recv(part.handle(), events_.handle(), ZMQ_DONTWAIT) >= 0) {
    std::uint16_t event = 0;
    if (!part.more() || part.size() < sizeof event) continue;
    std::memcpy(&event, part.data(), sizeof event);
    news.push_back(event != ZMQ_EVENT_DISCONNECTED);
  }
  Wait();
  for (const bool connected : news) told_(connected);
}

}  // namespace meridian::io
