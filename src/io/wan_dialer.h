// One way to one gateway of another region: dials it, again and again, and sends it our messages.
//
//     dial -> hello -> welcome -> frames ... -> lost -> wait 50 ms .. 2 s -> dial
//
// What is queued leaves as one compressed frame; while that is being written the next one gathers.
// The queue is bounded, and there is none while the peer is away: such messages are dropped and
// counted, for the machines resend. Nothing but the welcome ever comes back on this connection.
//
// Owned by a shared_ptr, for handlers under way keep it alive; Stop makes them do nothing.

#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <string>

#include "base/ports.h"
#include "base/random.h"
#include "io/tcp.h"
#include "io/wan_frame.h"
#include "io/zstd_stream.h"

namespace meridian::io {

struct SendFigures {
  bool connected = false;
  std::uint64_t connects = 0;     // times that the peer welcomed us
  std::uint64_t messages = 0;     // handed to TCP; whether they arrived is not known
  std::uint64_t plain_bytes = 0;  // of those, before compression
  std::uint64_t bytes = 0;        // TCP payload, hello included
  std::uint64_t drops = 0;        // messages given up before they were handed to TCP
  std::size_t queued_bytes = 0;
};

class WanDialer : public std::enable_shared_from_this<WanDialer> {
 public:
  struct Options {
    WanHello hello;
    Endpoint address;
    int compression = kDefaultCompression;
    std::size_t queue_bytes_max = std::size_t{32} << 20;
  };

  WanDialer(asio::io_context& io, Options options, Random random, Log& log);

  void Start();
  void Stop();
  void Send(Bytes body);
  void Flush();
  const SendFigures& figures() const { return figures_; }

 private:
  // One attempt and what comes of it. Handlers hold theirs, so buffers outlive every operation, and
  // they know themselves outdated when it is no longer `connection_`.
  struct Connection {
    Connection(asio::io_context& io, int level) : resolver(io), socket(io), compressor(level) {}

    tcp::resolver resolver;
    tcp::socket socket;  // TLS will wrap it here and shake hands before the hello
    Compressor compressor;
    Bytes hello;
    std::uint8_t answer = 0;
    Bytes plain;
    Bytes length;  // of the frame being written
    Bytes frame;
    bool writing = false;
    std::chrono::steady_clock::time_point since;  // the welcome
  };
  using ConnectionPtr = std::shared_ptr<Connection>;

  void Dial();
  void SayHello(const ConnectionPtr& connection);
  void AwaitVerdict(const ConnectionPtr& connection);
  void BeginSending(const ConnectionPtr& connection);
  void WriteFrame();
  void Lose(const std::string& reason);
  void Retry();
  bool IsCurrent(const ConnectionPtr& connection) const { return connection == connection_; }

  asio::io_context& io_;
  const Options options_;
  Random random_;
  Log& log_;
  asio::steady_timer timer_;  // of the dial, then of the wait
  ConnectionPtr connection_;  // null while waiting, and once stopped
  bool stopped_ = false;
  std::chrono::milliseconds wait_;
  std::deque<Bytes> queue_;
  std::string last_loss_;  // so that a peer that stays away is not logged at each attempt
  SendFigures figures_;
};

}  // namespace meridian::io
