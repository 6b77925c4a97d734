#include "local/get_coordinator.h"

#include <algorithm>

#include "local/stand_ins.h"

namespace meridian::local {
namespace {

// The other regions that hold the key.
std::vector<RegionId> OtherRegions(const Ring& ring, PlacementId id) {
  std::vector<RegionId> regions;
  for (const auto& [region, replicas] : ring.topology().FindPlacement(id)->replicas) {
    if (region != ring.self().region) regions.push_back(region);
  }
  return regions;
}

}  // namespace

void GetCoordinator::Get(Moment now, const GetOrder& order) {
  ++counters_.gets;
  const Token token = order.key.token();
  const Namespace* space = ring_.topology().FindNamespace(order.key.space);
  MERIDIAN_CHECK(space != nullptr);
  Outcome outcome;
  outcome.ticket = order.ticket;
  outcome.key = order.key;
  outcome.needed = order.r;
  const std::uint64_t id = ++last_id_;
  std::vector<RegionId> regions;
  if (order.everywhere) regions = OtherRegions(ring_, order.key.placement);
  PendingGet get{ReadQuorum(order.r, space->policy, std::move(regions)), std::move(outcome), token,
                 now.monotonic + order.timeout, order.timeout / kStepsPerTimeout};
  get.sloppy = order.sloppy;
  get.list = ring_.ListOf(ring_.PartitionOfToken(order.key.placement, token));
  ReadOwn(get);
  const auto pending = gets_.emplace(id, std::move(get)).first;
  if (SettleGet(now, pending)) return;
  AskFirst(now, id, pending->second);
  AskRegions(now, id, pending->second);
  FailIfHopeless(pending->second);
  if (SettleGet(now, pending)) return;
  timers_.Arm(now.monotonic + pending->second.step, id);
}

void GetCoordinator::ReadOwn(PendingGet& get) {
  const crdt::RowKey& key = get.outcome.key;
  if (get.list->IsPrimary(self())) {
    // A copy that cannot be read, or is being filled, is none; one more peer is asked instead. Nor
    // is one that will not be durable before a full disk has room.
    if (replica_.Lacks(ring_.PartitionOfToken(key.placement, get.token))) return;
    if (replica_.WaitsForRoom(replica_.DurabilityOf(get.token))) return;
    std::optional<crdt::Row> own = replica_.TryRead(key, get.token);
    if (own) Record(get, self(), std::move(*own));
    return;
  }
  if (replica_.WaitsForRoom(hints_.DurabilityOf(get.token))) return;
  std::optional<Hint> hint = hints_.Find(key, get.token);
  if (hint) {
    ++counters_.from_hints;
    Record(get, self(), std::move(hint->row));
  } else {
    get.without_hint.insert(self());
  }
}

void GetCoordinator::Record(PendingGet& get, NodeId from, crdt::Row row) {
  get.quorum.Record(from, std::move(row));
  bytes_ += get.quorum.bytes() - get.bytes;
  get.bytes = get.quorum.bytes();
}

// The primaries that are up, as many as are needed, those first that answer as they use to; and
// where those that are up do not suffice, whoever stands in.
void GetCoordinator::AskFirst(Moment now, std::uint64_t id, PendingGet& get) {
  std::vector<NodeId> up = HealthyOf(*get.list, liveness_, self()).primaries;
  std::erase(up, self());
  std::size_t left = get.quorum.needed() - get.quorum.answers();
  if (left < up.size()) hedge_.Order(now.monotonic, up);
  for (const NodeId node : up) {
    if (left == 0) break;
    AskPrimary(now, id, get, node);
    hedge_.Asked(now.monotonic, node, id);
    --left;
  }
  if (left != 0 && get.sloppy) AskStandIns(now, id, get);
}

// For the digest, if there is a row to compare it with.
void GetCoordinator::AskPrimary(Moment now, std::uint64_t id, PendingGet& get, NodeId node) {
  const auto place = std::ranges::find(get.list->nodes, node) - get.list->nodes.begin();
  get.asked |= std::uint64_t{1} << place;
  turn_.Send(ring_.Process(node), Pack(ReadRow{id, get.outcome.key, get.quorum.answers() > 0,
                                               Patience::Until(now.monotonic, get.deadline)}));
}

void GetCoordinator::HedgeGet(Moment now, std::uint64_t id, PendingGet& get) {
  if (get.quorum.answers() >= get.quorum.needed()) return;  // only regions are missing
  for (std::uint32_t i = 0; i < get.list->primaries; ++i) {
    const NodeId node = get.list->nodes[i];
    if (node == self() || (get.asked >> i & 1) != 0 || !liveness_.IsUp(node)) continue;
    if (!hedge_.Take()) return;
    AskPrimary(now, id, get, node);
    return hedge_.AskedToo(now.monotonic, node, id);
  }
}

void GetCoordinator::AskStandIns(Moment now, std::uint64_t id, PendingGet& get) {
  const Bytes body =
      Pack(ReadRow{id, get.outcome.key, false, Patience::Until(now.monotonic, get.deadline)});
  for (const NodeId node : HealthyOf(*get.list, liveness_, self()).fallbacks) {
    if (node == self() || get.quorum.HasAnswerOf(node) || get.without_hint.contains(node)) continue;
    get.asked_stand_ins.insert(node);
    turn_.Send(ring_.Process(node), body);
  }
}

void GetCoordinator::FailIfHopeless(PendingGet& get) {
  if (get.quorum.verdict() != ReadQuorum::Verdict::kPending) return;
  std::size_t may_answer = get.quorum.answers();
  const Healthy up = HealthyOf(*get.list, liveness_, self());
  for (const NodeId node : up.primaries) may_answer += get.quorum.HasAnswerOf(node) ? 0U : 1U;
  for (const NodeId node : up.fallbacks) {
    const bool silent = !get.quorum.HasAnswerOf(node) && !get.without_hint.contains(node);
    may_answer += get.sloppy && silent ? 1U : 0U;
  }
  if (may_answer >= get.quorum.needed()) return;
  ++counters_.too_few_up;
  get.outcome.status = OutcomeStatus::kTooFewUp;
  get.outcome.asked = get.sloppy ? get.list->nodes.size() : get.list->primaries;
  get.outcome.sloppy = get.sloppy;
  get.quorum.RecordDeadline();
}

// Under new ids, so that late answers of the view before are nobody's.
void GetCoordinator::FollowView(Moment now) {
  for (auto& [old_id, get] : std::exchange(gets_, {})) {
    const std::uint64_t id = ++last_id_;
    bytes_ -= std::exchange(get.bytes, 0);
    get.quorum = get.quorum.Anew();
    get.list = ring_.ListOf(ring_.PartitionOfToken(get.outcome.key.placement, get.token));
    get.asked = 0;
    get.without_hint.clear();
    get.asked_stand_ins.clear();
    ReadOwn(get);
    const auto pending = gets_.emplace(id, std::move(get)).first;
    timers_.Arm(std::min(now.monotonic + pending->second.step, pending->second.deadline), id);
    AskFirst(now, id, pending->second);
    AskRegions(now, id, pending->second);
    SettleGet(now, pending);
  }
}

void GetCoordinator::OnRowRead(Moment now, NodeId from, RowRead read) {
  hedge_.Answered(now.monotonic, from, read.id);
  const auto get = gets_.find(read.id);
  if (get == gets_.end()) return;
  Record(get->second, from, std::move(read.row));
  SettleGet(now, get);
}

void GetCoordinator::OnRowDigest(Moment now, NodeId from, const RowDigest& read) {
  hedge_.Answered(now.monotonic, from, read.id);
  const auto get = gets_.find(read.id);
  if (get == gets_.end() || get->second.quorum.answers() == 0) return;
  PendingGet& pending = get->second;
  if (pending.quorum.RecordDigest(from, read.digest.value)) {
    SettleGet(now, get);
    return;
  }
  ++counters_.digests_differed;
  turn_.Send(ring_.Process(from), Pack(ReadRow{read.id, pending.outcome.key, false,
                                               Patience::Until(now.monotonic, pending.deadline)}));
}

// One that is being filled: the primaries that were not asked yet are asked at once.
void GetCoordinator::OnReadRefused(Moment now, NodeId from, const ReadRefused& refused) {
  hedge_.Answered(now.monotonic, from, refused.id);
  const auto found = gets_.find(refused.id);
  if (found == gets_.end()) return;
  PendingGet& get = found->second;
  for (std::uint32_t i = 0; i < get.list->primaries; ++i) {
    const NodeId node = get.list->nodes[i];
    if (node == self() || (get.asked >> i & 1) != 0) continue;
    AskPrimary(now, refused.id, get, node);
    ++counters_.resends;
  }
}

void GetCoordinator::OnRowElsewhere(Moment now, const RowElsewhere& read) {
  const auto get = gets_.find(read.id);
  if (get == gets_.end()) return;
  get->second.quorum.RecordRegion(read.region, read.row);
  SettleGet(now, get);
}

void GetCoordinator::AskRegions(Moment now, std::uint64_t id, const PendingGet& get) {
  const std::vector<Gateway>& gateways = ring_.region().gateways;
  if (get.quorum.missing().empty() || gateways.empty()) return;
  const Gateway& gateway = gateways[gateway_ % gateways.size()];
  const auto left = static_cast<std::uint32_t>(Milliseconds(get.deadline - now.monotonic));
  turn_.Send({ring_.self().region, Role::kGateway, gateway.id},
             Pack(ReadElsewhere{id, get.outcome.key, get.quorum.missing(), left}));
}

void GetCoordinator::OnHintRead(Moment now, NodeId from, HintRead read) {
  const auto get = gets_.find(read.id);
  if (get == gets_.end()) return;
  PendingGet& pending = get->second;
  if (read.row.context.empty()) {
    pending.without_hint.insert(from);
    FailIfHopeless(pending);
  } else if (pending.asked_stand_ins.contains(from) && !pending.quorum.HasAnswerOf(from)) {
    ++counters_.from_hints;
    Record(pending, from, std::move(read.row));
  }
  SettleGet(now, get);
}

void GetCoordinator::StepGet(Moment now, std::uint64_t id, PendingGet& get) {
  if (now.monotonic >= get.deadline) return get.quorum.RecordDeadline();
  if (!get.quorum.missing().empty()) ++gateway_;
  AskRegions(now, id, get);
  const Bytes body =
      Pack(ReadRow{id, get.outcome.key, false, Patience::Until(now.monotonic, get.deadline)});
  for (const NodeId node : get.list->Primaries()) {
    if (get.quorum.answers() >= get.quorum.needed()) break;  // only regions are missing
    if (node == self() || get.quorum.HasAnswerOf(node)) continue;
    turn_.Send(ring_.Process(node), body);
    ++counters_.resends;
  }
  if (++get.steps >= kStepsUntilStandIns && get.sloppy) AskStandIns(now, id, get);
  FailIfHopeless(get);
  timers_.Arm(std::min(now.monotonic + get.step, get.deadline), id);
}

bool GetCoordinator::SettleGet(Moment now, GetMap::iterator get) {
  PendingGet& pending = get->second;
  if (pending.quorum.verdict() == ReadQuorum::Verdict::kPending) return false;
  Outcome& outcome = pending.outcome;
  outcome.reached = pending.quorum.answers();
  if (pending.quorum.verdict() == ReadQuorum::Verdict::kFailed) {
    outcome.missing = pending.quorum.missing();
    if (outcome.status == OutcomeStatus::kDone) {
      outcome.status = OutcomeStatus::kTimedOut;
      ++counters_.timeouts;
    }
  } else {
    outcome.row = pending.quorum.merged();
    outcome.token = {outcome.row.context, outcome.row.MaxStamp(), std::nullopt};
    // What others showed is durable there, so the answer need not wait for a repair of this copy.
    if (pending.quorum.HasAnswerOf(self())) {
      outcome.after =
          std::max(replica_.DurabilityOf(pending.token), hints_.DurabilityOf(pending.token));
    }
    // Who lacks something gets the joined row. What it misses besides (dots that the row no longer
    // shows) comes by catch-up.
    std::vector<NodeId> stale = pending.quorum.Stale();
    std::erase_if(stale, [&](NodeId node) { return !pending.list->IsPrimary(node); });
    repair_.Later(now.monotonic, outcome.key, outcome.row, std::move(stale));
  }
  bytes_ -= pending.bytes;
  outcomes_.push_back(std::move(outcome));
  gets_.erase(get);
  return true;
}

void GetCoordinator::Tick(Moment now) {
  repair_.Tick(now.monotonic);
  for (const std::uint64_t id : hedge_.DueBy(now.monotonic)) {
    if (const auto get = gets_.find(id); get != gets_.end()) HedgeGet(now, id, get->second);
  }
  for (const std::uint64_t id : timers_.DueBy(now.monotonic)) {
    const auto get = gets_.find(id);
    if (get == gets_.end()) continue;
    StepGet(now, id, get->second);
    SettleGet(now, get);
  }
}

}  // namespace meridian::local
