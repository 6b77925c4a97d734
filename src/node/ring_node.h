// The machine of a ring node: decodes what arrives, hands it to whom it concerns, gathers one
// Output.
//
//     client ──> ClientService ──> Coordinator ──> Replica ──> PartitionLog
//     peer   ──> Coordinator's acks and reads, Replica, HintStore, CatchUp, FailureDetector
//     gateway ─> GatewayFeed, Replica
//
// It decides nothing itself. All parts share one Turn, so all they do in a turn is one batch.

#pragma once

#include "base/ports.h"
#include "base/turn.h"
#include "local/acks.h"
#include "local/audit.h"
#include "local/catch_up.h"
#include "local/coordinator.h"
#include "local/disk_check.h"
#include "local/failure_detector.h"
#include "local/fill_source.h"
#include "local/filling.h"
#include "local/gateway_feed.h"
#include "local/handing_on.h"
#include "local/handover.h"
#include "local/hint_store.h"
#include "local/liveness.h"
#include "local/refill.h"
#include "local/replica.h"
#include "node/client_service.h"
#include "node/machine_options.h"
#include "node/succession.h"

namespace meridian::node {

class RingNode final : public Machine {
 public:
  // All outlive this. Reads its logs from `disk`. Requires a topology that has the node.
  RingNode(RingNodeOptions options, const Storage& disk, const Signer& signer, Log& log);

  // Once, before anything else.
  void Start(Moment now);

  void Receive(Moment now, Message message) override;
  void Serve(Moment now, Request request) override;
  void Durable(Moment now, BatchId up_to) override;
  void Tick(Moment now) override;
  void Leave(Moment now) override {
    detector_.Leave(now_ = now);
    clients_.Leave();
  }
  bool IsIdle() const override { return clients_.waiting() == 0; }
  Instant NextDeadline() const override;
  Output TakeOutput() override;

  const local::Replica& replica() const { return replica_; }
  const local::Liveness& liveness() const { return liveness_; }
  // Writes kept here for primaries that could not be had.
  std::uint64_t hint_count() const { return hints_.total().rows(); }
  const local::Audit& audit() const { return audit_; }
  const local::Ring& ring() const { return ring_; }

 private:
  // Whether a message that only counts among nodes of one view may be taken; if not, its sender
  // knows.
  bool IsOfThisView(Moment now, const Message& message, const local::RingMessage& decoded);
  void FollowView(Moment now);
  // What became of views, and of this node's part in a change.
  void TellProgress(Moment now);
  void Dispatch(Moment now, ProcessId from, local::RingMessage message);
  void DispatchUpkeep(Moment now, ProcessId from, local::RingMessage& message);
  void DispatchMove(Moment now, ProcessId from, local::RingMessage& message);
  // Nothing when nobody waits for the request any more: then it is dropped, and counted.
  template <class Request>
  std::optional<Duration> TimeLeft(ProcessId from, const Request& request) {
    return ages_.Left(now_.monotonic, from, request.id >> 32, request.patience);
  }
  void ApplyAll(ProcessId from, local::Replicate& message);
  void KeepAll(Moment now, ProcessId from, const local::KeepHint& message);
  void BeginWhenJudged(Moment now);
  void Begin(Moment now);
  void AnswerRead(ProcessId from, const local::ReadRow& read);
  void ServeOperator(RequestTag tag, const ClientRequest& request);
  void TellOfPeers();

  RingNodeOptions options_;
  local::Ring ring_;
  Turn turn_;
  local::Acks acks_{turn_};
  Succession succession_;
  local::Liveness liveness_;
  local::FailureDetector detector_;
  local::Replica replica_;
  local::HintStore hints_;
  local::DiskCheck disk_check_;
  local::Coordinator coordinator_;
  local::CatchUp catch_up_;
  local::Handover handover_;
  local::Audit audit_;
  local::FillSource fill_source_;
  local::Refill refill_;
  local::Filling filling_;
  local::HandingOn handing_on_;
  local::GatewayFeed feed_;
  ClientService clients_;
  Log& log_;
  Moment now_;  // of the latest event
  bool begun_ = false;
  Instant next_checkpoint_ = kNever;
  std::size_t checkpoint_part_ = 0;
  local::RequestAges ages_;
  std::uint64_t refused_for_room_ = 0;
  std::uint64_t corrupt_messages_ = 0;
};

}  // namespace meridian::node
