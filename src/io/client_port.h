// Where the client library comes in: a ROUTER on the node's client address.
//
//     client  ── frame: (id, request) (id, request) ──▶  port ── Serve each ──▶ driver
//     client  ◀── frame: (id, answer) ...  one a turn ──  port ◀── answered ──
//
// Answers carry the ids of their requests, in whatever order they are ready. At most
// `requests_max` requests are in flight; the next one is told kOverloaded at once. Answers to a
// client that is gone, or that does not read, are dropped and counted: 256 frames and
// `client_unsent_max` bytes wait for each, `unsent_max` for all.
//
// The port outlives the driver's last turn: `answered` refers to it.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/frame.h"
#include "io/transport.h"
#include "io/zmq_socket.h"

namespace meridian::io {

class ClientPort {
 public:
  struct Options {
    Epoch epoch{1};
    std::string bind;  // "tcp://127.0.0.1:7121"
    std::size_t requests_max = 4096;
    std::size_t client_unsent_max = std::size_t{16} << 20;
    std::size_t unsent_max = std::size_t{128} << 20;
  };
  struct Counters {
    std::uint64_t requests = 0;
    std::uint64_t overloaded = 0;
    std::uint64_t answers_dropped = 0;
    std::uint64_t frames_corrupt = 0;
  };

  // kInvalidArgument or kIo when the address cannot be bound.
  static Result<std::unique_ptr<ClientPort>> Open(asio::io_context& loop, zmq::context_t& context,
                                                  Options options, Serve serve);

  // Sends what was answered since the last one; for the end of each turn (Driver::AfterTurn).
  void Flush();

  std::size_t in_flight() const { return in_flight_; }
  const Counters& counters() const { return counters_; }

 private:
  struct Client {
    Bytes address;  // the router's name of the connection
    std::vector<ClientItem> answers;
    std::size_t in_flight = 0;
    bool listed = false;  // in dirty_
    UnsentBytes unsent = NoUnsentBytes();
  };
  // A request that is being served. Slots are reused; the client does not move.
  struct Slot {
    Client* client = nullptr;
    std::uint64_t id = 0;
  };

  ClientPort(asio::io_context& loop, Options options, Serve serve);
  void Drain();
  void DrainSoon();
  void TakeFrame(Bytes address, ByteView bytes);
  Client& ClientOf(Bytes address);
  void Start(Client& client, ClientItem item);
  void Answer(std::uint32_t slot, Bytes body);
  void Queue(Client& client, ClientItem answer);
  void FlushClient(Client& client);

  asio::io_context& loop_;
  const Options options_;
  const Serve serve_;
  std::unique_ptr<ZmqSocket> router_;
  std::unordered_map<Bytes, Client> clients_;
  std::vector<Client*> dirty_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t in_flight_ = 0;
  std::size_t queued_bytes_ = 0;  // of answers since the last Flush
  bool drain_posted_ = false;
  Counters counters_;
  std::shared_ptr<ClientPort*> self_;  // for what is posted and may outlive the port
};

}  // namespace meridian::io
