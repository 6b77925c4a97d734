// A wide area network on one machine: a TCP proxy between gateways that delays, slows and cuts.
//
//     us-east-gw-1 --dials--> [listen  us-east > eu-west  target] --> eu-west-gw-1
//                  bytes of the dialer go through the wire us-east > eu-west,
//                  what comes back through the wire eu-west > us-east
//
// Wires are one way and each has a delay, a rate and a cut of its own. A wire that is cut resets
// the connections that were dialed along it, and new ones as they come; connections dialed the
// other way go on, for gateways send on what they dialed. Control, a line each, answered "ok" or
// "error: reason":
//
//     cut A B     heal A B     delay A B MS     rate A B MBIT     both ways; `cut-one A B` and so
//     on: status                   a JSON object for each wire        only from A to B quit ends
//     everything

#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/accept_loop.h"
#include "io/emulated_pipe.h"
#include "io/line_server.h"
#include "io/tcp.h"

namespace meridian::io {

class WanEmulator {
 public:
  struct Link {
    std::string from;  // a region
    std::string to;
    Endpoint listen;
    Endpoint target;  // an address, not a name
  };
  struct Options {
    std::vector<Link> links;
    std::chrono::microseconds delay{40'000};  // one way
    std::chrono::microseconds jitter{0};
    std::uint64_t rate_mbit = 100;
    Endpoint control;
    std::function<void()> on_quit = [] {};
  };

  WanEmulator(asio::io_context& io, Options options);
  ~WanEmulator();
  WanEmulator(const WanEmulator&) = delete;
  WanEmulator& operator=(const WanEmulator&) = delete;

  Result<Done> Start();
  // Closes everything; what was under way is lost.
  void Stop();
  std::uint16_t control_port() const { return control_->port(); }
  // Where the link of this index of Options::links is to be dialed.
  std::uint16_t port(std::size_t link) const { return listeners_.at(link)->port(); }

  // One line of the control protocol and its answer.
  std::string Execute(const std::string& line);

 private:
  using Direction = std::pair<std::string, std::string>;  // from, to
  using WirePtr = std::shared_ptr<EmulatedWire>;
  class Connection;

  void Admit(const Link& link, tcp::socket socket);
  std::string Change(const std::string& verb, const std::vector<Direction>& directions,
                     const std::string& number);
  void Cut(const Direction& direction);
  std::string Status() const;

  asio::io_context& io_;
  const Options options_;
  std::map<Direction, WirePtr> wires_;
  std::vector<std::shared_ptr<AcceptLoop>> listeners_;  // of options_.links, in their order
  std::set<std::shared_ptr<Connection>> connections_;
  std::shared_ptr<LineServer> control_;
  // What was posted may run after this object is gone: it looks here first.
  std::shared_ptr<bool> stopped_ = std::make_shared<bool>(false);
};

}  // namespace meridian::io
