#include "local/put_coordinator.h"

#include <algorithm>

namespace meridian::local {
namespace {

// Silent replicas are sent the row again after each of these parts of the timeout.
constexpr int kStepsPerTimeout = 4;

// What the client may hand back: everything, if its value is all there is; else only what it had
// read and its own version, because it has not read the siblings.
crdt::ContextToken TokenAfter(const crdt::RowUpdate& update, const crdt::Change& change) {
  crdt::ContextToken token{update.row.context, update.row.MaxStamp(), std::nullopt};
  if (update.row.versions.size() > 1) {
    token.context = change.read;
    token.own = change.dot;
  }
  return token;
}

// Whether a version makes room for the new one. A context says nothing by itself: the versions that
// it covers may be gone, and a client that writes with an old one adds a sibling each time.
bool ReplacesAny(const crdt::Row& stored, const PutOrder& order, Policy policy) {
  if (policy == Policy::kLww) return true;
  if (!order.read) return !order.value;  // such a delete covers all
  return std::ranges::any_of(stored.versions, [&](const crdt::Version& version) {
    return order.read->context.Covers(version.dot) || version.dot == order.read->own;
  });
}

// Bytes of the values that stay beside the new one.
std::size_t BytesBeside(const crdt::Row& stored, const PutOrder& order, Policy policy) {
  std::size_t bytes = 0;
  if (policy == Policy::kLww || (!order.read && !order.value)) return bytes;
  for (const crdt::Version& version : stored.versions) {
    const bool replaced =
        order.read && (order.read->context.Covers(version.dot) || version.dot == order.read->own);
    if (!replaced && version.value) bytes += version.value->size();
  }
  return bytes;
}

}  // namespace

PutCoordinator::PutCoordinator(const Ring& ring, Turn& turn, Replica& replica,
                               CoordinatorOptions options)
    : ring_(ring),
      turn_(turn),
      replica_(replica),
      options_(options),
      clock_(options.clock_drift_max) {}

std::optional<OutcomeStatus> PutCoordinator::Refusal(const crdt::Row& stored, const PutOrder& order,
                                                     PartitionKey partition) const {
  if (!replica_.minter().MayMint(partition)) return OutcomeStatus::kNotReady;
  const Policy policy = ring_.topology().FindNamespace(order.key.space)->policy;
  if (stored.versions.size() >= options_.siblings_max && !ReplacesAny(stored, order, policy)) {
    return OutcomeStatus::kTooManySiblings;
  }
  const std::size_t beside = BytesBeside(stored, order, policy);
  const std::size_t added = order.value ? order.value->size() : 0;
  if (beside != 0 && beside + added > options_.row_bytes_max) {
    return OutcomeStatus::kTooManySiblings;
  }
  return std::nullopt;
}

void PutCoordinator::Refuse(const PutOrder& order, OutcomeStatus status) {
  Outcome outcome;
  outcome.ticket = order.ticket;
  outcome.status = status;
  outcome.key = order.key;
  outcomes_.push_back(std::move(outcome));
}

crdt::Change PutCoordinator::ChangeFor(Moment now, const PutOrder& order, const crdt::Row& stored,
                                       PartitionKey partition) {
  crdt::Change change;
  change.dot = replica_.minter().Mint(partition);
  change.value = order.value;
  crdt::Stamp floor = stored.MaxStamp();
  if (order.read) {
    change.read = order.read->context;
    change.also = order.read->own;
    floor = std::max(floor, order.read->stamp);
  } else if (!order.value) {
    change.read = stored.context;
  }
  change.stamp = clock_.Next(now.wall, floor);
  return change;
}

void PutCoordinator::Put(Moment now, const PutOrder& order) {
  const Token token = order.key.token();
  const PartitionKey partition = ring_.PartitionOfToken(order.key.placement, token);
  const Namespace* space = ring_.topology().FindNamespace(order.key.space);
  MERIDIAN_CHECK(space != nullptr);
  const crdt::Row stored = replica_.Read(order.key, token);
  if (const auto refusal = Refusal(stored, order, partition)) return Refuse(order, *refusal);

  ++counters_.puts;
  const crdt::Change change = ChangeFor(now, order, stored, partition);
  crdt::RowUpdate update{order.key, crdt::Updated(stored, change, space->policy), {}};
  replica_.ApplyOver(stored, update, token);
  Outcome outcome;
  outcome.ticket = order.ticket;
  outcome.key = order.key;
  outcome.token = TokenAfter(update, change);
  outcome.dot = change.dot;
  outcome.needed = order.w;
  StartPut(now, order, std::move(outcome), std::move(update), partition);
}

void PutCoordinator::StartPut(Moment now, const PutOrder& order, Outcome outcome,
                              crdt::RowUpdate update, PartitionKey partition) {
  const std::uint64_t id = ++last_id_;
  Replicate message{id, {}};
  message.rows.push_back(std::move(update));
  Bytes body = Pack(message);
  const Namespace* space = ring_.topology().FindNamespace(order.key.space);
  const bool waits = space->durability == Durability::kSync;
  const BatchId batch = turn_.Open();
  minted_.push_back({std::move(message.rows.front()), batch});

  const PreferenceList* list = ring_.ListOf(partition);
  PendingPut put{WriteQuorum(list->Primaries(), order.w), std::move(outcome), std::move(body),
                 now.monotonic + order.timeout, order.timeout / kStepsPerTimeout};
  const NodeId self{ring_.self().number};
  for (const NodeId node : put.quorum.waiting()) {
    if (node != self) turn_.Send(ring_.Process(node), put.message);
  }
  if (waits) {
    own_copies_.emplace_back(batch, id);
  } else {
    put.quorum.RecordAck(self);
  }
  timers_.Arm(now.monotonic + put.step, id);
  SettlePut(puts_.emplace(id, std::move(put)).first);
}

void PutCoordinator::OnReplicateAck(Moment, NodeId from, const ReplicateAck& ack) {
  const auto put = puts_.find(ack.id);
  if (put == puts_.end()) return;
  put->second.quorum.RecordAck(from);
  SettlePut(put);
}

void PutCoordinator::OnDurable(Moment, BatchId up_to) {
  const NodeId self{ring_.self().number};
  for (; !own_copies_.empty() && own_copies_.front().first <= up_to; own_copies_.pop_front()) {
    const auto put = puts_.find(own_copies_.front().second);
    if (put == puts_.end()) continue;
    put->second.quorum.RecordAck(self);
    SettlePut(put);
  }
}

void PutCoordinator::StepPut(Moment now, std::uint64_t id, PendingPut& put) {
  if (now.monotonic >= put.deadline) return put.quorum.RecordDeadline();
  for (const NodeId node : put.quorum.waiting()) {
    if (node.value == ring_.self().number) continue;
    turn_.Send(ring_.Process(node), put.message);
    ++counters_.resends;
  }
  timers_.Arm(std::min(now.monotonic + put.step, put.deadline), id);
}

bool PutCoordinator::SettlePut(std::map<std::uint64_t, PendingPut>::iterator put) {
  PendingPut& pending = put->second;
  if (pending.quorum.verdict() == WriteQuorum::Verdict::kPending) return false;
  if (pending.quorum.verdict() == WriteQuorum::Verdict::kFailed) {
    pending.outcome.status = OutcomeStatus::kTimedOut;
    ++counters_.timeouts;
  }
  pending.outcome.reached = pending.quorum.acks();
  outcomes_.push_back(std::move(pending.outcome));
  puts_.erase(put);
  return true;
}

void PutCoordinator::Tick(Moment now) {
  for (const std::uint64_t id : timers_.DueBy(now.monotonic)) {
    const auto put = puts_.find(id);
    if (put == puts_.end()) continue;
    StepPut(now, id, put->second);
    SettlePut(put);
  }
}

}  // namespace meridian::local
