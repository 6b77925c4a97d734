// What meridiand and meridian-gateway have in common: the command line, the topology, the sockets
// of the region, HTTP, and the end by signal.
//
//     exit status: 0 drained, 1 failed while running, 2 cannot start as asked

#pragma once

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "base/ports.h"
#include "io/console_log.h"
#include "io/driver.h"
#include "io/http_server.h"
#include "io/zmq_ring.h"
#include "local/ring.h"

namespace meridian::apps {

// Reads and checks the file; says on stderr what is wrong.
std::optional<local::Topology> ReadTopology(const std::string& file);

// Every process of the region but `self`, and its ring address. While a layout is changed, and as
// long as its nodes may have rows to hand over, those of the former one, too.
std::map<ProcessId, std::string> RingPeers(const local::Ring& ring);

// Before any thread starts: scheduling that trades wake-up latency on busy cores for longer turns.
void PreferLongTurns();

// Connections and the database's files share one limit of the system, often 1024 until a process
// asks for what it may have. A node without a file to write to must stop. How many it has now.
std::size_t AllowManyFiles();

std::string ZmqEndpoint(const local::Address& address);

// The parts of a running process around its machine, in the order they must go.
class Process {
 public:
  Process(std::string name, Machine& machine, io::Driver::Options options);
  ~Process();

  // Each says on stderr why when it fails.
  bool OpenRing(const local::Ring& ring, const local::Address& bind);
  bool OpenHttp(const local::Topology& topology, const local::Address& bind, io::HttpExtras extras);

  boost::asio::io_context& loop() { return loop_; }
  zmq::context_t& zmq() { return zmq_; }
  io::Driver& driver() { return *driver_; }
  io::ConsoleLog& log() { return log_; }

  // Until SIGTERM or SIGINT and the drain after it, or a failure. The exit status.
  int Run();

 private:
  void OnSignal(int signal);
  void FollowView(const local::Ring& ring);

  io::ConsoleLog log_;
  boost::asio::io_context loop_{1};
  zmq::context_t zmq_{1};
  boost::asio::signal_set signals_;
  int status_ = 0;
  bool http_is_done_ = false;
  std::unique_ptr<io::Driver> driver_;
  std::unique_ptr<io::ZmqRing> ring_;
  std::uint64_t view_ = 0;  // whose peers ring_ has
  std::unique_ptr<io::HttpServer> http_;
};

}  // namespace meridian::apps
