#include "local/get_coordinator.h"

#include <algorithm>

namespace meridian::local {
namespace {

// Silent replicas are asked again after each of these parts of the timeout.
constexpr int kStepsPerTimeout = 4;

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
  get.quorum.Record({ring_.self().number}, replica_.Read(order.key, token));
  const auto pending = gets_.emplace(id, std::move(get)).first;
  if (SettleGet(pending)) return;

  const Bytes body = Pack(ReadRow{id, order.key});
  const PreferenceList* list = ring_.ListOf(ring_.PartitionOfToken(order.key.placement, token));
  std::size_t asked = 1;
  for (const NodeId node : list->Primaries()) {
    if (node.value == ring_.self().number || asked == order.r) continue;
    turn_.Send(ring_.Process(node), body);
    ++asked;
  }
  AskRegions(now, id, pending->second);
  timers_.Arm(now.monotonic + pending->second.step, id);
}

void GetCoordinator::OnRowRead(Moment, NodeId from, RowRead read) {
  const auto get = gets_.find(read.id);
  if (get == gets_.end()) return;
  get->second.quorum.Record(from, std::move(read.row));
  SettleGet(get);
}

void GetCoordinator::OnRowElsewhere(const RowElsewhere& read) {
  const auto get = gets_.find(read.id);
  if (get == gets_.end()) return;
  get->second.quorum.RecordRegion(read.region, read.row);
  SettleGet(get);
}

void GetCoordinator::AskRegions(Moment now, std::uint64_t id, const PendingGet& get) {
  const std::vector<Gateway>& gateways = ring_.region().gateways;
  if (get.quorum.missing().empty() || gateways.empty()) return;
  const Gateway& gateway = gateways[gateway_ % gateways.size()];
  const auto left = static_cast<std::uint32_t>(Milliseconds(get.deadline - now.monotonic));
  turn_.Send({ring_.self().region, Role::kGateway, gateway.id},
             Pack(ReadElsewhere{id, get.outcome.key, get.quorum.missing(), left}));
}

void GetCoordinator::StepGet(Moment now, std::uint64_t id, PendingGet& get) {
  if (now.monotonic >= get.deadline) return get.quorum.RecordDeadline();
  if (!get.quorum.missing().empty()) ++gateway_;
  AskRegions(now, id, get);
  const PreferenceList* list =
      ring_.ListOf(ring_.PartitionOfToken(get.outcome.key.placement, get.token));
  for (const NodeId node : list->Primaries()) {
    if (get.quorum.answers() >= get.quorum.needed()) break;  // only regions are missing
    if (node.value == ring_.self().number || get.quorum.HasAnswerOf(node)) continue;
    turn_.Send(ring_.Process(node), Pack(ReadRow{id, get.outcome.key}));
    ++counters_.resends;
  }
  timers_.Arm(std::min(now.monotonic + get.step, get.deadline), id);
}

bool GetCoordinator::SettleGet(std::map<std::uint64_t, PendingGet>::iterator get) {
  PendingGet& pending = get->second;
  if (pending.quorum.verdict() == ReadQuorum::Verdict::kPending) return false;
  Outcome& outcome = pending.outcome;
  outcome.reached = pending.quorum.answers();
  if (pending.quorum.verdict() == ReadQuorum::Verdict::kFailed) {
    outcome.status = OutcomeStatus::kTimedOut;
    outcome.missing = pending.quorum.missing();
    ++counters_.timeouts;
  } else {
    Repair(pending);
    outcome.row = pending.quorum.merged();
    outcome.token = {outcome.row.context, outcome.row.MaxStamp(), std::nullopt};
    // Repair may just have written the row here, so this comes after it.
    outcome.after = replica_.DurabilityOf(pending.token);
  }
  outcomes_.push_back(std::move(outcome));
  gets_.erase(get);
  return true;
}

// Behind the answer: who lacks something gets the merged row. Nobody waits for it; what it misses
// (dots that the row no longer shows) comes by catch-up.
void GetCoordinator::Repair(const PendingGet& get) {
  const std::vector<NodeId> stale = get.quorum.Stale();
  if (stale.empty()) return;
  Replicate message{0, {}};
  message.rows.push_back({get.outcome.key, get.quorum.merged(), {}});
  for (const NodeId node : stale) {
    ++counters_.read_repairs;
    if (node.value == ring_.self().number) {
      replica_.Apply(message.rows.front());
    } else {
      turn_.Send(ring_.Process(node), Pack(message));
    }
  }
}

void GetCoordinator::Tick(Moment now) {
  for (const std::uint64_t id : timers_.DueBy(now.monotonic)) {
    const auto get = gets_.find(id);
    if (get == gets_.end()) continue;
    StepGet(now, id, get->second);
    SettleGet(get);
  }
}

}  // namespace meridian::local
