// The way in from gateways of other regions: accepts their connections, hands on their messages.
//
//     accept -> hello within 5 s -> welcome -> frames ...
//
// Whoever is not a known gateway with something to say to this process is told why, logged and
// closed; so is one whose frames cannot be read. A gateway that connects again replaces its own
// earlier connection, which is dead or about to be. Nobody makes us keep more than a frame's bytes
// that he has sent, and there are at most 64 connections.
//
// Owned by a shared_ptr, for handlers under way keep it alive; Stop makes them do nothing.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/ports.h"
#include "io/accept_loop.h"
#include "io/tcp.h"
#include "io/transport.h"
#include "io/wan_frame.h"

namespace meridian::io {

struct ReceiveFigures {
  bool connected = false;
  std::uint64_t messages = 0;
  std::uint64_t plain_bytes = 0;  // after decompression
  std::uint64_t bytes = 0;        // TCP payload, hello included
  std::uint64_t corrupt = 0;      // connections closed because of what they brought
};

class WanListener : public std::enable_shared_from_this<WanListener> {
 public:
  struct Options {
    ProcessId self;
    Endpoint listen;
    std::set<ProcessId> known;  // gateways of other regions
  };

  WanListener(asio::io_context& io, Options options, Inbox inbox, Log& log);

  Result<Done> Start();
  void Stop();
  std::uint16_t port() const { return accept_loop_->port(); }
  // By peer; what never said a good hello is in `refused`.
  const std::map<ProcessId, ReceiveFigures>& figures() const { return figures_; }
  std::uint64_t refused() const { return refused_; }

 private:
  class Accepted;

  void Take(tcp::socket socket);
  // What `hello` is to be answered.
  WanVerdict Judge(const WanHello& hello) const;

  asio::io_context& io_;
  const Options options_;
  const Inbox inbox_;
  Log& log_;
  const std::shared_ptr<AcceptLoop> accept_loop_;
  std::set<std::shared_ptr<Accepted>> connections_;
  std::map<ProcessId, ReceiveFigures> figures_;
  std::uint64_t refused_ = 0;
};

}  // namespace meridian::io
