#include "local/put_coordinator.h"

#include <algorithm>

namespace meridian::local {
namespace {

// Bytes of a hint beside key and value, roughly.
constexpr std::size_t kHintOverhead = 128;

// What the client may hand back: everything, if its value is all there is; else only what it had
// read and its own version, because it has not read the siblings.
crdt::ContextToken TokenAfter(const crdt::RowUpdate& update, const crdt::Dot& dot,
                              crdt::Context read) {
  crdt::ContextToken token{update.row.context, update.row.MaxStamp(), std::nullopt};
  if (update.row.versions.size() > 1) {
    token.context = std::move(read);
    token.own = dot;
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

// The same rows, as a stand-in is asked to keep them.
Bytes HintOf(ByteView replicate, std::size_t needed, std::vector<NodeId> absent) {
  Result<RingMessage> message = UnpackRingMessage(replicate);
  MERIDIAN_CHECK(message.has_value());
  Replicate& rows = std::get<Replicate>(*message);
  return Pack(KeepHint{rows.id, static_cast<std::uint32_t>(needed), std::move(rows.rows),
                       std::move(absent)});
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

PutCoordinator::PutCoordinator(const Ring& ring, Turn& turn, Replica& replica, HintStore& hints,
                               const Liveness& liveness, CoordinatorOptions options)
    : ring_(ring),
      turn_(turn),
      replica_(replica),
      hints_(hints),
      liveness_(liveness),
      options_(options),
      clock_(options.clock_drift_max) {}

PutCoordinator::Place PutCoordinator::PlaceOf(const crdt::RowKey& key) const {
  const Token token = key.token();
  const PartitionKey partition = ring_.PartitionOfToken(key.placement, token);
  const Namespace* space = ring_.topology().FindNamespace(key.space);
  const PreferenceList* list = ring_.ListOf(partition);
  MERIDIAN_CHECK(space != nullptr && list != nullptr);
  return {token, partition, *list, *space, !list->IsPrimary(self())};
}

bool PutCoordinator::CanBeHad(const PutOrder& order, const Place& place) {
  const std::size_t up = CountHealthy(place.list, liveness_, self(), order.sloppy);
  if (up >= order.w) return true;
  ++counters_.too_few_up;
  Refuse(order, OutcomeStatus::kTooFewUp, up,
         order.sloppy ? place.list.nodes.size() : place.list.primaries);
  return false;
}

std::optional<OutcomeStatus> PutCoordinator::Refusal(const crdt::Row& stored, const PutOrder& order,
                                                     const Place& place) const {
  const Policy policy = place.space.policy;
  if (stored.versions.size() >= options_.siblings_max && !ReplacesAny(stored, order, policy)) {
    return OutcomeStatus::kTooManySiblings;
  }
  const std::size_t beside = BytesBeside(stored, order, policy);
  const std::size_t added = order.value ? order.value->size() : 0;
  if (beside != 0 && beside + added > options_.row_bytes_max) {
    return OutcomeStatus::kTooManySiblings;
  }
  if (place.stands_in && !hints_.HasRoomFor(order.key.key.size() + added + kHintOverhead)) {
    return OutcomeStatus::kHintsFull;
  }
  return std::nullopt;
}

void PutCoordinator::Refuse(const PutOrder& order, OutcomeStatus status, std::size_t reached,
                            std::size_t asked) {
  Outcome outcome;
  outcome.ticket = order.ticket;
  outcome.status = status;
  outcome.key = order.key;
  outcome.reached = reached;
  outcome.needed = order.w;
  outcome.asked = asked;
  outcome.sloppy = order.sloppy;
  outcomes_.push_back(std::move(outcome));
}

crdt::Change PutCoordinator::ChangeFor(Moment now, PutOrder& order, const crdt::Row& stored,
                                       const Place& place) {
  crdt::Change change;
  change.dot = replica_.minter().Mint(place.partition);
  const bool deletes = !order.value;
  change.value = std::move(order.value);
  crdt::Stamp floor = stored.MaxStamp();
  if (order.read) {
    change.read = order.read->context;
    change.also = order.read->own;
    floor = std::max(floor, order.read->stamp);
  } else if (deletes) {
    change.read = stored.context;
  }
  change.stamp = clock_.Next(now.wall, floor);
  return change;
}

// Draws a new incarnation where one is needed; then not before that is durable.
bool PutCoordinator::MayMint(const Place& place) {
  Minter& minter = replica_.minter();
  minter.Ensure(place.partition, place.stands_in ? TermKind::kStandIn : TermKind::kPrimary);
  return minter.MayMint(place.partition);
}

void PutCoordinator::Put(Moment now, PutOrder order) {
  const Place place = PlaceOf(order.key);
  if (!CanBeHad(order, place)) return;
  if (MayMint(place)) return Run(now, std::move(order), place);
  const Instant deadline = now.monotonic + order.timeout;
  awaiting_term_.push_back({std::move(order), deadline});
  timers_.Arm(deadline, 0);
}

void PutCoordinator::Run(Moment now, PutOrder order, const Place& place) {
  crdt::Row scratch;
  Bytes storage_key = crdt::StorageKey(order.key, place.token);
  const crdt::Row* const copy = LookAtOwn(order, place, storage_key, scratch);
  // Over a copy that cannot be read nothing may be minted (rule 2); another primary can.
  if (copy == nullptr) return Refuse(order, OutcomeStatus::kNotReady);
  const crdt::Row& stored = *copy;
  if (const auto refusal = Refusal(stored, order, place)) return Refuse(order, *refusal);

  ++counters_.puts;
  if (place.stands_in) ++counters_.stood_in;
  crdt::Change change = ChangeFor(now, order, stored, place);
  const crdt::Dot dot = change.dot;
  crdt::Context read = change.read;
  Replicate message{replica_.minter().NewMessageId(),
                    {},
                    Patience::Until(now.monotonic, now.monotonic + order.timeout)};
  message.rows.push_back(
      {order.key, crdt::Updated(stored, std::move(change), place.space.policy), {}});
  Outcome outcome;
  outcome.ticket = order.ticket;
  outcome.key = order.key;
  outcome.token = TokenAfter(message.rows.front(), dot, std::move(read));
  outcome.dot = dot;
  outcome.needed = order.w;
  const std::uint64_t id = message.id;
  Bytes body = Pack(message);
  WriteOwn(now, stored, std::move(message), order, place, std::move(storage_key));
  StartPut(now, order, id, std::move(outcome), std::move(body), place);
}

// A stand-in knows of a row what it keeps of it, which may be nothing. Null: the copy cannot be
// read. Else valid as what Replica::Look gives.
const crdt::Row* PutCoordinator::LookAtOwn(const PutOrder& order, const Place& place,
                                           const Bytes& storage_key, crdt::Row& scratch) {
  if (!place.stands_in) return replica_.Look(storage_key, place.token, scratch);
  std::optional<Hint> hint = hints_.Find(order.key, place.token);
  if (hint) scratch = std::move(hint->row);
  return &scratch;
}

void PutCoordinator::WriteOwn(Moment now, const crdt::Row& stored, Replicate message,
                              const PutOrder& order, const Place& place, Bytes storage_key) {
  crdt::RowUpdate& update = message.rows.front();
  if (place.stands_in) {
    // Refusal has seen to the room, but for the bytes of contexts. What a stand-in minted, gateways
    // find in the logs of the primaries.
    hints_.KeepOwn(now, update, order.w, place.list.Primaries());
    return;
  }
  if (ring_.LeavesRegion(update.key.placement)) minted_.push_back({update, turn_.Open()});
  replica_.ApplyOver(std::move(storage_key), stored, std::move(update), place.token);
}

void PutCoordinator::StartPut(Moment now, const PutOrder& order, std::uint64_t id, Outcome outcome,
                              Bytes message, const Place& place) {
  const Instant deadline = now.monotonic + order.timeout;
  PendingPut put{QuorumFor(place, order.w), std::move(outcome), std::move(message), deadline,
                 order.timeout / kStepsPerTimeout};
  bytes_ += put.message.size();
  put.sloppy = order.sloppy;
  put.list = &place.list;
  for (const NodeId node : put.quorum.waiting()) {
    if (node != self()) turn_.Send(ring_.Process(node), put.message);
  }
  if (place.stands_in && !put.quorum.WasAsked(self())) put.quorum.AddStandIn(self());
  if (order.sloppy) {
    const std::size_t up = CountHealthy(place.list, liveness_, self(), false);
    const std::size_t had = up + (place.stands_in ? 1 : 0);
    if (had < order.w) AskStandIns(put, order.w - had);
  }
  if (place.space.durability == Durability::kSync) {
    own_copies_.emplace_back(turn_.Open(), id);
  } else {
    put.quorum.RecordAck(self());
  }
  timers_.Arm(now.monotonic + put.step, id);
  SettlePut(puts_.emplace(id, std::move(put)).first);
}

// W of the primaries, and while the partition moves W of those of the other layout.
WriteQuorum PutCoordinator::QuorumFor(const Place& place, std::size_t w) const {
  WriteQuorum quorum(place.list.Primaries(), std::min<std::size_t>(w, place.list.primaries));
  if (const PreferenceList* also = ring_.AlsoWrittenTo(place.partition)) {
    std::vector<NodeId> others = also->Primaries();
    if (place.stands_in) std::erase(others, self());  // what it has is a hint
    quorum.AlsoRequire(others);
  }
  return quorum;
}

// Messages of the view before are refused from now on, so all who have not answered are asked anew.
void PutCoordinator::FollowView(Moment) {
  std::vector<std::uint64_t> ids;
  for (auto& [id, put] : puts_) {
    ids.push_back(id);
    if (ring_.topology().FindNamespace(put.outcome.key.space) == nullptr) {  // it was taken away
      put.quorum.RecordDeadline();
      continue;
    }
    const Place place = PlaceOf(put.outcome.key);
    const WriteQuorum before = std::exchange(put.quorum, QuorumFor(place, put.quorum.needed()));
    put.quorum.CarryOver(before, self());
    put.list = &place.list;
    for (const NodeId node : put.quorum.waiting()) {
      if (node != self()) turn_.Send(ring_.Process(node), put.message);
    }
    EndIfHopeless(put);
  }
  for (const std::uint64_t id : ids) SettlePut(puts_.find(id));
}

// The primaries that are down; where none is, those that have not answered.
std::vector<NodeId> PutCoordinator::AbsentOf(const PendingPut& put) const {
  std::vector<NodeId> silent;
  std::vector<NodeId> down;
  for (const NodeId node : put.quorum.waiting()) {
    if (node == self() || !put.list->IsPrimary(node)) continue;
    (liveness_.IsUp(node) ? silent : down).push_back(node);
  }
  return down.empty() ? silent : down;
}

std::size_t PutCoordinator::AskStandIns(PendingPut& put, std::size_t count) {
  std::size_t asked = 0;
  Bytes message;
  for (const NodeId node : HealthyOf(*put.list, liveness_, self()).fallbacks) {
    if (asked == count) break;
    if (put.quorum.WasAsked(node)) continue;
    if (message.empty()) message = HintOf(put.message, put.quorum.needed(), AbsentOf(put));
    put.quorum.AddStandIn(node);
    turn_.Send(ring_.Process(node), message);
    ++counters_.stand_ins;
    ++asked;
  }
  return asked;
}

// One for each silent primary, whatever became of those asked before.
void PutCoordinator::StandInForTheSilent(PendingPut& put) {
  const auto silent = static_cast<std::size_t>(std::ranges::count_if(
      put.quorum.waiting(), [&](NodeId node) { return put.list->IsPrimary(node); }));
  const auto holding = static_cast<std::size_t>(std::ranges::count_if(
      put.quorum.acked(), [&](NodeId node) { return put.quorum.IsStandIn(node); }));
  if (silent > holding) AskStandIns(put, silent - holding);
}

void PutCoordinator::OnReplicateAck(NodeId from, std::uint64_t id) {
  const auto put = puts_.find(id);
  if (put == puts_.end()) return;
  put->second.quorum.RecordAck(from);
  SettlePut(put);
}

void PutCoordinator::OnHintRefused(Moment, NodeId from, const HintRefused& refusal) {
  const auto put = puts_.find(refusal.id);
  if (put == puts_.end()) return;
  put->second.quorum.RecordRefusal(from);
  put->second.refused = true;
  if (AskStandIns(put->second, 1) == 0) EndIfHopeless(put->second);
  SettlePut(put);
}

void PutCoordinator::EndIfHopeless(PendingPut& put) {
  if (!put.refused || !IsHopeless(put) || AskStandIns(put, 1) != 0) return;
  put.outcome.status = OutcomeStatus::kHintsFull;
  put.quorum.RecordDeadline();
}

bool PutCoordinator::IsHopeless(const PendingPut& put) const {
  return !put.quorum.CanBeMet([&](NodeId node) { return node == self() || liveness_.IsUp(node); });
}

void PutCoordinator::OnDurable(Moment now, BatchId up_to) {
  for (; !own_copies_.empty() && own_copies_.front().first <= up_to; own_copies_.pop_front()) {
    const auto put = puts_.find(own_copies_.front().second);
    if (put == puts_.end()) continue;
    put->second.quorum.RecordAck(self());
    SettlePut(put);
  }
  if (!awaiting_term_.empty()) RunDelayed(now);
}

void PutCoordinator::RunDelayed(Moment now) {
  std::deque<Delayed> delayed = std::exchange(awaiting_term_, {});
  for (Delayed& one : delayed) {
    const bool is_known = ring_.topology().FindNamespace(one.order.key.space) != nullptr;
    if (now.monotonic >= one.deadline || !is_known) {
      Refuse(one.order, OutcomeStatus::kNotReady);
      continue;
    }
    const Place place = PlaceOf(one.order.key);
    if (MayMint(place)) {
      one.order.timeout = one.deadline - now.monotonic;
      Run(now, std::move(one.order), place);
    } else {
      awaiting_term_.push_back(std::move(one));
    }
  }
}

void PutCoordinator::StepPut(Moment now, std::uint64_t id, PendingPut& put) {
  if (now.monotonic >= put.deadline) return put.quorum.RecordDeadline();
  EndIfHopeless(put);  // who was up when another refused may be down by now
  if (put.quorum.verdict() != WriteQuorum::Verdict::kPending) return;
  Bytes hint;
  for (const NodeId node : put.quorum.waiting()) {
    if (node == self()) continue;
    const bool primary = put.list->IsPrimary(node) || put.quorum.IsAlsoRequired(node);
    if (!primary && hint.empty()) hint = HintOf(put.message, put.quorum.needed(), AbsentOf(put));
    turn_.Send(ring_.Process(node), primary ? put.message : hint);
    ++counters_.resends;
  }
  if (++put.steps >= kStepsUntilStandIns && put.sloppy) StandInForTheSilent(put);
  timers_.Arm(std::min(now.monotonic + put.step, put.deadline), id);
}

bool PutCoordinator::SettlePut(PutMap::iterator put) {
  PendingPut& pending = put->second;
  if (pending.quorum.verdict() == WriteQuorum::Verdict::kPending) return false;
  if (pending.quorum.verdict() == WriteQuorum::Verdict::kFailed &&
      pending.outcome.status == OutcomeStatus::kDone) {
    pending.outcome.status = OutcomeStatus::kTimedOut;
    ++counters_.timeouts;
  }
  pending.outcome.reached = pending.quorum.acks();
  bytes_ -= pending.message.size();
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
  const bool is_late = std::ranges::any_of(
      awaiting_term_, [&](const Delayed& one) { return one.deadline <= now.monotonic; });
  if (is_late) RunDelayed(now);
}

}  // namespace meridian::local
