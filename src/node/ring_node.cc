#include "node/ring_node.h"

#include <algorithm>

#include "base/overloaded.h"
#include "local/row_digest.h"
#include "node/audit_status.h"
#include "node/copy_view.h"
#include "node/message_rules.h"
#include "node/node_status.h"
#include "node/request_rules.h"
#include "node/topology_view.h"

namespace meridian::node {
namespace {

// Checkpoints carry trees, 8 KiB a partition, so they are spread over their interval.
constexpr std::size_t kCheckpointParts = 16;

}  // namespace

RingNode::RingNode(RingNodeOptions options, const Storage& disk, const Signer& signer, Log& log)
    : options_(std::move(options)),
      ring_(Succession::RingAtStart(options_.topology, options_.self, disk)),
      turn_(options_.self, disk),
      succession_(ring_, turn_, log, options_.succession),
      detector_(ring_, turn_, liveness_, options_.failure_detector),
      replica_(ring_, turn_),
      hints_(ring_, turn_, options_.hints),
      disk_check_(ring_, turn_, replica_, options_.disk_check, options_.chance),
      coordinator_(ring_, turn_, replica_, hints_, liveness_, options_.coordinator),
      catch_up_(ring_, turn_, replica_, options_.catch_up),
      handover_(ring_, turn_, replica_, hints_, liveness_, options_.handover),
      audit_(ring_, turn_, replica_, options_.audit),
      fill_source_(ring_, turn_, replica_, options_.refill.bytes_per_answer),
      refill_(ring_, turn_, replica_, options_.refill),
      filling_(ring_, turn_, replica_, refill_, options_.filling),
      handing_on_(ring_, turn_, replica_, options_.handing_on),
      feed_(ring_, turn_, replica_),
      clients_(options_, ring_, turn_, coordinator_, liveness_, signer),
      log_(log) {}

void RingNode::Start(Moment now) {
  now_ = now;
  succession_.Start(now);
  succession_.SetAbstains(true);  // until it is known that this disk remembers its votes
  handing_on_.Load();
  replica_.Start();
  hints_.Load();
  next_checkpoint_ = now.monotonic + options_.checkpoint_interval / kCheckpointParts;
  disk_check_.Start(now);
  BeginWhenJudged(now);
}

void RingNode::BeginWhenJudged(Moment now) {
  if (begun_ ? disk_check_.contradicted() : disk_check_.judged()) Begin(now);
}

// The next life: at the start, and when this disk turns out late to be an old one. That partitions
// lack rows is written in the batch of the new incarnation, so nothing is minted before.
void RingNode::Begin(Moment now) {
  begun_ = true;
  if (disk_check_.must_fill()) {
    for (const local::PartitionKey key : replica_.log().partitions()) {
      replica_.log().MarkFilling(key);
    }
    log_.Write(Severity::kWarning,
               std::string(disk_check_.is_empty() ? "this disk is empty" : "this disk is old") +
                   ", as peers know: all partitions are filled from them");
  }
  replica_.minter().Begin(now.wall, disk_check_.known_incarnation(), options_.chance);
  disk_check_.Begin(now);
  coordinator_.Start();
  clients_.Start(replica_.actor());
  catch_up_.Start(now);
  audit_.Start(now);
  filling_.Start(local::FirstIdOf(replica_.actor()));
  handing_on_.FollowView(now);
  filling_.Follow(now);
  log_.Write(Severity::kInfo, "started as " + ToString(replica_.actor()) + ", holding " +
                                  std::to_string(replica_.log().partitions().size()) +
                                  " partitions");
}

void RingNode::Receive(Moment now, Message message) {
  now_ = now;
  if (message.from.role == Role::kNode) detector_.Heard(now, {message.from.number});
  succession_.Heard(now, message.from);
  Result<local::RingMessage> decoded = local::UnpackRingMessage(message.body);
  if (!decoded) {
    ++corrupt_messages_;
    log_.Write(Severity::kWarning, "message of " + ring_.topology().NameOf(message.from) +
                                       " dropped: " + decoded.error().message);
    return;
  }
  if (NeedsRoom(*decoded) && options_.Room() == DiskRoom::kNone) {
    ++refused_for_room_;
    return;
  }
  if (IsOfThisView(now, message, *decoded)) Dispatch(now, message.from, std::move(*decoded));
  TellProgress(now);
}

bool RingNode::IsOfThisView(Moment now, const Message& message, const local::RingMessage& decoded) {
  if (!NeedsOneView(decoded) || succession_.Accept(now, message.from, message.view)) return true;
  if (const auto* forward = std::get_if<local::Forward>(&decoded)) {
    clients_.RefuseForward(message.from, *forward);
  }
  return false;
}

// The ring is another one: what was made from the one before is made anew.
void RingNode::FollowView(Moment now) {
  disk_check_.FollowView();
  handing_on_.FollowView(now);
  if (begun_) filling_.Follow(now);
  catch_up_.FollowView();
  if (detector_.HasStarted()) detector_.FollowView(now);
  coordinator_.FollowView(now);
  clients_.FollowView(now);
}

void RingNode::TellProgress(Moment now) {
  if (succession_.TakeAdopted()) FollowView(now);
  if (!begun_) return;
  if (handing_on_.TakeKept()) filling_.Follow(now);
  succession_.SetAbstains(filling_.LacksOwn());
  const bool has_hints = !ring_.HasSelf() && hints_.total().rows() != 0;  // it may not be stopped
  const bool is_filled = filling_.IsDone() && !handing_on_.ErasesWanted();
  succession_.SetProgress(now, is_filled, handing_on_.IsDone() && !has_hints);
}

void RingNode::Dispatch(Moment now, ProcessId from, local::RingMessage message) {
  const NodeId node{from.number};
  if (!begun_ && NeedsLife(message)) return;
  std::visit(Overloaded{
                 [&](local::Replicate& m) {
                   if (TimeLeft(from, m)) ApplyAll(from, m);
                 },
                 [&](const local::ReplicateAck& m) {
                   for (const std::uint64_t id : m.ids) {
                     if (handover_.OnReplicateAck(now, node, id)) continue;
                     coordinator_.OnReplicateAck(node, id);
                   }
                 },
                 [&](const local::ReadRow& m) {
                   if (TimeLeft(from, m)) AnswerRead(from, m);
                 },
                 [&](local::RowRead& m) { coordinator_.OnRowRead(now, node, std::move(m)); },
                 [&](local::HintRead& m) { coordinator_.OnHintRead(now, node, std::move(m)); },
                 [&](const local::RowDigest& m) { coordinator_.OnRowDigest(now, node, m); },
                 [&](local::Forward& m) {
                   if (const auto left = TimeLeft(from, m)) {
                     clients_.OnForward(now, from, std::move(m), *left);
                   }
                 },
                 [&](local::Forwarded& m) { clients_.OnForwarded(now, from, std::move(m)); },
                 [&](const local::ForwardRefused& m) { clients_.OnForwardRefused(now, from, m); },
                 [&](const local::SeenProbe& m) {
                   clients_.OnPeerLife(from, m.life);
                   catch_up_.OnProbe(now, node, m);
                 },
                 [&](const local::CatchUpAsk& m) { catch_up_.OnAsk(now, node, m); },
                 [&](local::CatchUpRows& m) { catch_up_.OnRows(now, node, std::move(m)); },
                 [&](const local::FeedOrder& m) { feed_.OnOrder(now, from, m); },
                 [&](const local::LogRead& m) { feed_.OnLogRead(from, m); },
                 [&](const local::HeldEverywhere& m) { clients_.OnHeldEverywhere(m); },
                 [&](const local::RowElsewhere& m) { coordinator_.OnRowElsewhere(now, m); },
                 [&](const local::LiveGossip& m) { detector_.OnGossip(now, node, m); },
                 [&](const local::Ping& m) { detector_.OnPing(node, m); },
                 [&](const local::PingAck& m) { detector_.OnPingAck(node, m); },
                 [&](const local::PingFor& m) { detector_.OnPingFor(now, node, m); },
                 [&](const local::PingForDone& m) { detector_.OnPingForDone(m); },
                 [&](const local::KeepHint& m) { KeepAll(now, from, m); },
                 [&](const local::HintRefused& m) { coordinator_.OnHintRefused(now, node, m); },
                 [&](const auto&) { DispatchUpkeep(now, from, message); },
             },
             message);
}

// What keeps copies right.
void RingNode::DispatchUpkeep(Moment now, ProcessId from, local::RingMessage& message) {
  const NodeId node{from.number};
  std::visit(Overloaded{
                 [&](const local::AuditRoots& m) { audit_.OnRoots(now, node, m); },
                 [&](const local::AuditBranches& m) { audit_.OnBranches(now, node, m); },
                 [&](const local::AuditLeaves& m) { audit_.peer().OnLeaves(node, m); },
                 [&](const local::AuditDiffering& m) { audit_.OnDiffering(now, node, m); },
                 [&](const local::AuditList& m) { audit_.peer().OnList(node, m); },
                 [&](local::AuditRows& m) { audit_.OnRows(now, node, std::move(m)); },
                 [&](const local::AuditMend& m) { audit_.peer().OnMend(m); },
                 [&](const local::AuditRestore& m) { audit_.peer().OnRestore(node, m); },
                 [&](const local::ReadRefused& m) { coordinator_.OnReadRefused(now, node, m); },
                 [&](const auto&) { DispatchMove(now, from, message); },
             },
             message);
}

// Of disks, views and partitions that move.
void RingNode::DispatchMove(Moment now, ProcessId from, local::RingMessage& message) {
  const NodeId node{from.number};
  std::visit(Overloaded{
                 [&](const local::FillAsk& m) {
                   // Before it has begun, it is not known whether this disk is an old one.
                   fill_source_.OnAsk(from, m, begun_ && !replica_.log().IsFilling(m.key));
                 },
                 [&](local::FillRows& m) { refill_.OnRows(now, node, std::move(m)); },
                 [&](const local::DiskAsk& m) { disk_check_.OnAsk(node, m); },
                 [&](const local::DiskKnown& m) {
                   disk_check_.OnKnown(now, node, m);
                   BeginWhenJudged(now);
                 },
                 [&](const local::LifeMark& m) { disk_check_.OnLifeMark(node, m); },
                 [&](local::DecreeCall& m) { succession_.OnCall(now, node, std::move(m)); },
                 [&](const local::ViewNotice& m) { succession_.OnNotice(now, from, m); },
                 [&](const local::ViewAsk& m) { succession_.OnAsk(now, from, m); },
                 [&](local::ViewTold& m) { succession_.OnTold(now, std::move(m)); },
                 [&](local::LayoutTold& m) { succession_.OnLayout(now, std::move(m)); },
                 [&](const local::SumAsk& m) { filling_.OnSumAsk(node, m, begun_); },
                 [&](const local::Sum& m) { filling_.OnSum(now, m); },
                 [&](const local::HandOn& m) { handing_on_.OnHandOn(node, m); },
                 [&](const local::HeldHere& m) { handing_on_.OnHeldHere(node, m); },
                 // What a node sends but never gets.
                 [&](const auto&) { ++corrupt_messages_; },
             },
             message);
}

// The ack waits until every row is durable, also those that came before and are being synced.
void RingNode::ApplyAll(ProcessId from, local::Replicate& message) {
  BatchId after;
  for (crdt::RowUpdate& update : message.rows) {
    const Token token = update.key.token();
    const bool syncs = ring_.topology().Syncs(update.key.space);
    // An ack would count this copy, so a row that is not ours must go without one.
    if (!replica_.Apply(std::move(update))) return;
    if (syncs) after = std::max(after, replica_.DurabilityOf(token));
  }
  if (message.id != 0) acks_.Add(from, message.id, after);
}

// A row whose primary this node has become is applied; the coordinator sees no difference.
void RingNode::KeepAll(Moment now, ProcessId from, const local::KeepHint& message) {
  BatchId after;
  for (const crdt::RowUpdate& update : message.rows) {
    const Token token = update.key.token();
    const bool mine = ring_.IsMine(ring_.PartitionOfToken(update.key.placement, token));
    if (mine) {
      if (!replica_.Apply(update)) return;  // no ack: its copy cannot be read
    } else if (!hints_.Keep(now, update, message.needed, message.absent)) {
      return turn_.Send(from, Pack(local::HintRefused{message.id}));
    }
    if (!ring_.topology().Syncs(update.key.space)) continue;
    after = std::max(after, mine ? replica_.DurabilityOf(token) : hints_.DurabilityOf(token));
  }
  acks_.Add(from, message.id, after);
}

void RingNode::AnswerRead(ProcessId from, const local::ReadRow& read) {
  const Token token = read.key.token();
  const local::PartitionKey key = ring_.PartitionOfToken(read.key.placement, token);
  if (!ring_.IsMine(key)) {
    if (replica_.WaitsForRoom(hints_.DurabilityOf(token))) return;
    std::optional<local::Hint> hint = hints_.Find(read.key, token);
    local::HintRead answer{read.id, hint ? std::move(hint->row) : crdt::Row{}};
    return turn_.Send(from, Pack(std::move(answer)), hints_.DurabilityOf(token));
  }
  if (!begun_ || replica_.Lacks(key) || replica_.WaitsForRoom(replica_.DurabilityOf(token))) {
    return turn_.Send(from, Pack(local::ReadRefused{read.id}));
  }
  std::optional<crdt::Row> row = replica_.TryRead(read.key, token);
  if (!row) return;  // the asker turns to others; the audit mends this copy
  turn_.Send(from,
             read.digest ? Pack(local::RowDigest{read.id, {local::DigestOf(*row)}})
                         : Pack(local::RowRead{read.id, std::move(*row)}),
             replica_.DurabilityOf(token));
}

void RingNode::Serve(Moment now, Request request) {
  now_ = now;
  const Result<ClientRequest> decoded = DecodeRequest(request.body);
  if (decoded && decoded->operation > Operation::kDelete) {
    return ServeOperator(request.tag, *decoded);
  }
  clients_.Serve(now, request.tag, request.body, decoded);
}

// Requests about this process: how it is, what it holds.
void RingNode::ServeOperator(RequestTag tag, const ClientRequest& request) {
  if (request.operation == Operation::kApply) return succession_.Apply(now_, tag, request);
  if (request.operation == Operation::kTakeBack) return succession_.TakeBack(now_, tag, request);
  const NodeFigures figures{ring_,
                            replica_,
                            coordinator_,
                            ages_,
                            catch_up_,
                            feed_,
                            detector_,
                            hints_,
                            handover_,
                            audit_,
                            refill_,
                            fill_source_,
                            filling_,
                            handing_on_,
                            now_,
                            options_.Room(),
                            refused_for_room_,
                            clients_.waiting(),
                            corrupt_messages_};
  ClientAnswer answer;
  if (request.operation == Operation::kTopology && !request.key.empty()) {
    answer = PartOfTopology(ring_, replica_.log(), turn_, options_.refill, request.key);
  } else if (request.operation == Operation::kTopology) {
    answer.values = {TopologyJson(ring_, succession_, filling_.figures(), refill_.Progress(now_),
                                  handing_on_.partitions())};
  } else if (request.operation == Operation::kStatus) {
    answer.values = {StatusJson(figures)};
  } else if (request.operation == Operation::kMetrics) {
    answer.values = {EncodeMetrics(MetricsOf(figures))};
  } else if (!ring_.IsKnown() || !ring_.HasSelf()) {
    answer = Refused(Status::kUnavailable, "this node is not part of the ring");
  } else if (request.operation == Operation::kCopy) {
    answer = CopyAnswer(ring_, replica_, request);
  } else if (request.operation == Operation::kAudit) {
    answer = BeginAudit(now_, replica_, audit_, request);
  } else if (!replica_.HasStarted()) {
    answer = Refused(Status::kUnavailable, "this node is starting");
  }
  turn_.Reply(tag, EncodeAnswer(answer));
}

void RingNode::Durable(Moment now, BatchId up_to) {
  now_ = now;
  turn_.MarkDurable(up_to);
  coordinator_.OnDurable(now, up_to);
  succession_.OnDurable(now, up_to);
  TellProgress(now);
  if (replica_.HasStarted() && !detector_.HasStarted()) detector_.Start(now, replica_.actor());
}

void RingNode::TellOfPeers() {
  constexpr const char* kSaid[] = {" is alive", " is suspect: silent, and no probe reached it",
                                   " is down", " has left"};
  for (const auto& [peer, state] : detector_.TakeChanges()) {
    const bool is_well = state == local::PeerState::kAlive || state == local::PeerState::kLeft;
    log_.Write(is_well ? Severity::kInfo : Severity::kWarning,
               ring_.topology().NameOf(ring_.Process(peer)) + kSaid[static_cast<int>(state)]);
  }
}

void RingNode::Tick(Moment now) {
  now_ = now;
  disk_check_.Tick(now);
  BeginWhenJudged(now);
  coordinator_.Tick(now);
  clients_.Tick(now);
  catch_up_.Tick(now);
  detector_.SetLoad(clients_.waiting());
  const DiskRoom room = options_.Room();
  detector_.SetRoom(room);
  replica_.SetReadOnly(room == DiskRoom::kNone);
  hints_.SetDiskFull(room != DiskRoom::kPlenty);
  detector_.Tick(now);
  handover_.Tick(now);
  audit_.Tick(now);
  refill_.Tick(now);
  filling_.Tick(now);
  handing_on_.Tick(now);
  succession_.Tick(now);
  TellProgress(now);
  if (now.monotonic >= next_checkpoint_) {
    next_checkpoint_ = now.monotonic + options_.checkpoint_interval / kCheckpointParts;
    if (room != DiskRoom::kNone) {
      replica_.log().Checkpoint(checkpoint_part_, kCheckpointParts);
      checkpoint_part_ = (checkpoint_part_ + 1) % kCheckpointParts;
    }
  }
}

Instant RingNode::NextDeadline() const {
  return std::min({coordinator_.NextDeadline(), clients_.NextDeadline(), catch_up_.NextDeadline(),
                   handover_.NextDeadline(), detector_.NextDeadline(), audit_.NextDeadline(),
                   refill_.NextDeadline(), disk_check_.NextDeadline(), succession_.NextDeadline(),
                   filling_.NextDeadline(), handing_on_.NextDeadline(), next_checkpoint_});
}

Output RingNode::TakeOutput() {
  clients_.Settle(now_, coordinator_.TakeOutcomes());
  feed_.Push(now_, coordinator_.TakeMinted());
  TellOfPeers();
  acks_.Send();
  for (std::string& line : audit_.TakeLines()) log_.Write(Severity::kWarning, std::move(line));
  if (filling_.TakeFilled(now_)) log_.Write(Severity::kInfo, Summary(refill_.Progress(now_)));
  return turn_.Take();
}

}  // namespace meridian::node
