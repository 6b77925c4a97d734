// The client library's way to the nodes of a region: a DEALER each, one frame a node and turn.
//
//     Send(node, id, request) ... Flush()   ──frame──▶  ClientPort of the node
//     arrived(node, id, answer)             ◀──frame──
//     turn_over()                             after each batch of arrivals
//
//     lost(node)                              its process ended: no answer comes to what was sent
//
// What cannot be sent at once, because a node is not connected yet or is behind, is kept until the
// instant its sender named; then Expired gives it back, or at once when the node is lost. Nothing
// else is promised: an answer may never come.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "io/frame.h"
#include "io/zmq_monitor.h"
#include "io/zmq_socket.h"

namespace meridian::io {

class ClientLink {
 public:
  struct Unsent {
    NodeId to;
    std::uint64_t id = 0;
  };
  using Arrived = std::function<void(NodeId from, std::uint64_t id, ByteView body)>;
  using Lost = std::function<void(NodeId node)>;

  // `endpoints`: "tcp://127.0.0.1:7121" of each node. kIo when sockets cannot be had.
  static Result<std::unique_ptr<ClientLink>> Open(asio::io_context& loop, Epoch epoch,
                                                  const std::map<NodeId, std::string>& endpoints,
                                                  Arrived arrived, Lost lost,
                                                  std::function<void()> turn_over);

  // One more node, or one that is elsewhere now; nothing when it is known there already. What was
  // sent to the former address is lost. kIo when sockets cannot be had.
  Result<Done> Connect(NodeId node, const std::string& endpoint);

  // Requires a node of the endpoints.
  void Send(NodeId to, std::uint64_t id, Bytes body, Instant keep_until);
  void Flush();
  std::vector<Unsent> Expired(Instant now);
  // When Expired is next worth asking.
  Instant NextDeadline() const;

 private:
  struct Waiting {
    ClientItem item;
    Instant keep_until;
  };
  struct Peer {
    std::string endpoint;
    std::unique_ptr<ZmqSocket> socket;
    std::unique_ptr<ZmqMonitor> monitor;
    bool lost = false;             // was connected, and is not now
    std::vector<Waiting> waiting;  // in order of Send
  };

  ClientLink(asio::io_context& loop, Epoch epoch, Arrived arrived, Lost lost,
             std::function<void()> turn_over);
  Result<Done> Dial(NodeId node, Peer& peer);
  void Redial(NodeId node);
  void OnNews(NodeId node, Peer& peer, bool connected);
  void Drain(NodeId node, Peer& peer);
  void FlushPeer(NodeId node, Peer& peer);

  asio::io_context& loop_;
  Epoch epoch_;
  Arrived arrived_;
  Lost lost_;
  std::function<void()> turn_over_;
  zmq::context_t context_;
  std::map<NodeId, Peer> peers_;
  std::shared_ptr<ClientLink*> self_;  // for what is posted and may outlive the link
};

}  // namespace meridian::io
