// The client library: puts, gets and deletes in one region, straight to the nodes over ZeroMQ.
//
//     EventLoop loop;
//     auto client = Client::Open(loop.context(), topology, {.region = us_east});
//     (*client)->Put("default", "cart", "milk", {}, [&](ClientAnswer answer, CallFigures) { ... });
//     loop.Run();
//
// It knows the ring, and asks whether there is another one, every two seconds and when a node
// refuses, so that a request goes to a node that holds the key; and it tries other nodes when one
// does not answer (client/calls.h has the rules; docs/client.md what they mean to users). Callbacks
// run on the loop, each exactly once, never inside the call that was given them; they may make more
// calls, but not end the client. blocking_client.h is the same for code that waits.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/calls.h"
#include "io/client_link.h"
#include "io/event_loop.h"

namespace meridian::client {

struct Options {
  node::Level level = node::Level::kLocalQuorum;
  std::uint8_t replicas = 0;  // R or W as a number; 0: as `level` says
  Duration timeout = std::chrono::seconds(5);
  Bytes context{};     // of an earlier answer about this key; empty: none
  bool sloppy = true;  // other nodes may stand in for primaries that are down
};

struct ClientSettings {
  RegionId region;
  std::size_t max_in_flight = 4096;  // beyond it calls end at once with kOverloaded
  std::uint64_t seed = 1;            // of the jitter
};

class Client {
 public:
  // kInvalidArgument when the topology does not have the region; kIo when sockets cannot be had.
  static Result<std::unique_ptr<Client>> Open(io::asio::io_context& loop,
                                              const local::Topology& topology,
                                              const ClientSettings& settings);
  // Calls in flight end with kUnavailable, before this returns.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Put(std::string space, Bytes key, Bytes value, Options options, Callback callback);
  void Get(std::string space, Bytes key, Options options, Callback callback);
  void Delete(std::string space, Bytes key, Options options, Callback callback);

  std::size_t in_flight() const { return calls_.in_flight(); }
  const ClientFigures& figures() const { return calls_.figures(); }

 private:
  Client(io::asio::io_context& loop, const local::Topology& topology,
         const ClientSettings& settings);
  void Start(node::ClientRequest request, Options options, Callback callback);
  void EndTurn();
  void Lose(NodeId node);
  void ReturnUnsent(Instant now);
  void SetAlarm();
  // Whether the ring is another one: asked of one node after the other.
  void AskForLayout(Instant now);
  void OnLayout(ByteView body);

  io::asio::io_context& loop_;
  local::Topology topology_;  // as it is known
  RegionId region_;
  std::uint64_t view_ = 1;
  std::size_t asked_ = 0;
  Instant asked_at_;
  Instant ask_at_;
  Calls calls_;
  std::unique_ptr<io::ClientLink> link_;
  io::Alarm alarm_;
  Instant alarm_at_ = kNever;
  bool turn_due_ = false;          // an EndTurn is posted
  std::shared_ptr<Client*> self_;  // for what is posted and may outlive the client
};

}  // namespace meridian::client
