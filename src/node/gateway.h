// The machine of a WAN gateway: between the nodes of its region and the gateways of the others.
//
//     FeedRows, SeenReport, LogRows   <─ nodes ─>   FeedOrder, LogRead, Replicate
//     Batch, BatchAck, Extent, Beat   <─ other regions' gateways ─>  the same
//
// Keeps nothing that may not be lost. A new process orders the feed, asks every region what it
// holds and goes on from the answers. Never on the path of a client's request, but for each_quorum.

#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/ports.h"
#include "base/turn.h"
#include "local/ring.h"
#include "node/gateway_succession.h"
#include "node/metrics.h"
#include "node/region_reader.h"
#include "node/region_view.h"
#include "node/region_writer.h"
#include "node/remote_region.h"

namespace meridian::node {

struct GatewayOptions {
  local::Topology topology;
  ProcessId self;
  std::uint64_t life = 1;  // differs at every start
  wan::OutboxOptions outbox;
  Duration beat = std::chrono::seconds(1);
  std::size_t beats_per_extent = 10;
};

class GatewayNode final : public Machine {
 public:
  // `log` outlives this. Requires a topology that has the gateway.
  GatewayNode(GatewayOptions options, Log& log);
  ~GatewayNode() override;

  // Once, before anything else.
  void Start(Moment now);

  void Receive(Moment now, Message message) override;
  void Serve(Moment now, Request request) override;
  void Durable(Moment, BatchId) override {}  // it has no disk
  void Tick(Moment now) override;
  Instant NextDeadline() const override;
  Output TakeOutput() override;

  const local::Ring& ring() const { return ring_; }

 private:
  class NoStorage;
  struct HeldQuestion {
    ProcessId node;
    std::uint64_t id = 0;
    local::PartitionKey key;
    crdt::Dot dot;
    Instant deadline;
  };

  void FollowView();
  void FromNode(Moment now, ProcessId from, local::RingMessage message);
  void FromGateway(Moment now, ProcessId from, wan::WanMessage message);
  void OnFeed(const local::FeedRows& rows);
  void OnReadElsewhere(Moment now, ProcessId from, const local::ReadElsewhere& ask);
  void OnRowAnswer(RegionId from, wan::RowAnswer answer);
  void OnHeldAsk(Moment now, ProcessId from, const local::HeldAsk& ask);
  void Beat(Moment now);
  void ExchangeExtents(Moment now);
  std::vector<RegionId> OriginsToAsk(Moment now, RegionId neighbour, bool is_helper) const;
  void AckWritten(Moment now);
  void AnswerHeldQuestions(Moment now);
  std::string StatusJson(Moment now) const;
  MetricSet Metrics(Moment now) const;

  GatewayOptions options_;
  local::Ring ring_;
  std::unique_ptr<NoStorage> no_storage_;
  Turn turn_;
  GatewaySuccession succession_;
  RegionView view_;
  RegionWriter writer_;
  RegionReader reader_;
  std::map<RegionId, RemoteRegion> remotes_;
  std::vector<HeldQuestion> held_questions_;
  Log& log_;
  Moment now_;
  Instant next_beat_ = kNever;
  std::size_t beats_ = 0;
  std::uint64_t rows_fed_ = 0;
  std::uint64_t orphans_ = 0;
  std::uint64_t corrupt_messages_ = 0;
};

}  // namespace meridian::node
