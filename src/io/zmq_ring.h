// The transport between the processes of one region, over ZeroMQ.
//
//     us-east-1                          us-east-2
//     DEALER to us-east-2  ──frames──▶   ROUTER, bound on its ring address
//     ROUTER, bound        ◀──frames──   DEALER to us-east-1
//
// Each direction has its own connection, made when the first message is sent, and remade by ZeroMQ
// for ever. Send queues a message, Flush makes one frame a peer of what is queued. While a peer
// cannot be reached, or does not read what it was sent, its queue is kept up to `queue_bytes_max`;
// when more comes the whole queue is dropped and counted, for its oldest messages are of the least
// use. Nothing ever blocks.
//
// What arrives is believed as far as the frame goes: version and form, and that `from` is a process
// of the topology (CURVE will prove it). The rest is the machine's to judge.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/frame.h"
#include "io/transport.h"
#include "io/zmq_socket.h"

namespace meridian::io {

class ZmqRing final : public Transport {
 public:
  struct Options {
    ProcessId self;
    std::string bind;                                     // "tcp://127.0.0.1:7111"
    std::map<ProcessId, std::string> peers;               // the others of the region
    std::size_t queue_bytes_max = std::size_t{16} << 20;  // a peer
  };
  struct Counters {
    std::uint64_t frames_sent = 0;
    std::uint64_t frames_received = 0;
    std::uint64_t messages_sent = 0;
    std::uint64_t messages_received = 0;
    std::uint64_t messages_dropped = 0;  // their peer could not be reached, or is not known
    std::uint64_t frames_corrupt = 0;    // dropped
    std::uint64_t frames_unknown = 0;    // dropped: from no peer of ours, or of another version
  };

  // kInvalidArgument or kIo when the address cannot be bound.
  static Result<std::unique_ptr<ZmqRing>> Open(asio::io_context& loop, zmq::context_t& context,
                                               Options options, Inbox inbox);

  void Send(Message message) override;
  void Flush() override;
  // From now on these are the others; who is new is connected when there is something to say.
  void SetPeers(const std::map<ProcessId, std::string>& peers);

  const Counters& counters() const { return counters_; }

 private:
  struct Peer {
    std::string endpoint;
    std::unique_ptr<ZmqSocket> dealer;  // none before the first message
    std::vector<Bytes> queue;
    std::size_t queue_bytes = 0;
    std::uint64_t view = 0;  // of all that is queued; a frame has one
    bool blocked = false;    // waits for the dealer to become writable
    bool congested = false;  // too much is unsent: tried again at the next flush
    bool listed = false;     // in dirty_
  };

  ZmqRing(asio::io_context& loop, zmq::context_t& context, Options options, Inbox inbox);
  bool Connect(Peer& peer);
  void FlushPeer(Peer& peer);
  void OnWritable(Peer& peer);
  void DropQueue(Peer& peer);
  void Drain();
  void TakeFrame(ByteView bytes);

  asio::io_context& loop_;
  zmq::context_t& context_;
  const Options options_;
  const Inbox inbox_;
  std::unique_ptr<ZmqSocket> router_;
  std::map<ProcessId, Peer> peers_;
  std::vector<Peer*> dirty_;
  Counters counters_;
  std::shared_ptr<ZmqRing*> self_;  // for what is posted and may outlive the ring
};

}  // namespace meridian::io
