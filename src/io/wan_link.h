// The transport between regions: one gateway's connections to all gateways of other regions.
//
//     us-east.gw1 == dialed by us-east ==> eu-west.gw1      a WanDialer a peer: all that goes out
//     us-east.gw1 <== dialed by eu-west == eu-west.gw1      one WanListener: all that comes in
//
// So each connection carries one direction, in one compressed stream. A turn's messages for a peer
// leave in one compressed flush. io/wan_frame has the bytes.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/ports.h"
#include "base/random.h"
#include "io/tcp.h"
#include "io/transport.h"
#include "io/wan_dialer.h"
#include "io/wan_listener.h"

namespace meridian::io {

// What one peer was sent and what came from it. Counters are since the start of this process.
struct LinkFigures {
  ProcessId peer;
  bool connected = false;  // our connection to it, not its connection to us
  std::uint64_t reconnects = 0;
  std::uint64_t bytes_sent = 0;  // TCP payload
  std::uint64_t plain_bytes_sent = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t drops = 0;  // messages never sent
  std::size_t queued_bytes = 0;
  bool heard = false;  // its connection to us
  std::uint64_t bytes_received = 0;
  std::uint64_t plain_bytes_received = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t corrupt = 0;  // its connections closed because of what they brought
};

class WanLink : public Transport {
 public:
  struct Options {
    ProcessId self;
    Epoch epoch;
    Endpoint listen;
    std::map<ProcessId, Endpoint> peers;  // every gateway of every other region, and where to dial
    int compression = kDefaultCompression;
    std::size_t queue_bytes_max = std::size_t{32} << 20;  // a peer
  };

  // `io` is run by the machine's thread; `inbox` and `log` must outlive this object only.
  WanLink(asio::io_context& io, Options options, Inbox inbox, Random random, Log& log);
  ~WanLink() override;
  WanLink(const WanLink&) = delete;
  WanLink& operator=(const WanLink&) = delete;

  // Listens, and begins to dial.
  Result<Done> Start();
  std::uint16_t port() const { return listener_->port(); }

  void Send(Message message) override;
  void Flush() override;

  std::vector<LinkFigures> Figures() const;                       // in the order of peers
  std::uint64_t refused() const { return listener_->refused(); }  // connections of strangers
  std::uint64_t unroutable() const { return unroutable_; }        // messages to strangers

 private:
  std::map<ProcessId, std::shared_ptr<WanDialer>> dialers_;
  std::shared_ptr<WanListener> listener_;
  std::uint64_t unroutable_ = 0;
};

}  // namespace meridian::io
