#include "node/remote_region.h"

#include <algorithm>

namespace meridian::node {
namespace {

constexpr Duration kAliveFor = std::chrono::seconds(5);
constexpr Duration kReadTimeout = std::chrono::seconds(2);
constexpr Duration kSilentFor = std::chrono::seconds(20);
constexpr std::uint64_t kBeatsPerRetry = 60;  // of rows that were too large

}  // namespace

RemoteRegion::RemoteRegion(const local::Ring& ring, RegionId id, RegionView& view, Turn& turn,
                           std::uint64_t life, wan::OutboxOptions options)
    : ring_(ring),
      id_(id),
      view_(view),
      turn_(turn),
      outbox_(life, options),
      // The ids of one gateway's reads, for all its remote regions, must differ.
      last_read_id_(life + (std::uint64_t{id.value} << 48)) {}

bool RemoteRegion::Concerns(local::PartitionKey key) const {
  const local::Placement* placement = ring_.topology().FindPlacement(key.placement);
  return placement != nullptr && placement->replicas.contains(id_);
}

bool RemoteRegion::Alive(Moment now) const {
  return std::ranges::any_of(
      heard_, [&](const auto& gateway) { return now.monotonic - gateway.second < kAliveFor; });
}

// To one of the region's gateways that is alive, in turn; to any in turn when none is known to be.
void RemoteRegion::Send(Moment now, const wan::WanMessage& message) {
  std::vector<ProcessId> targets;
  for (const local::Gateway& gateway : region().gateways) {
    const ProcessId process{id_, Role::kGateway, gateway.id};
    const auto heard = heard_.find(process);
    if (heard != heard_.end() && now.monotonic - heard->second < kAliveFor) {
      targets.push_back(process);
    }
  }
  if (targets.empty()) {
    for (const local::Gateway& gateway : region().gateways) {
      targets.push_back({id_, Role::kGateway, gateway.id});
    }
  }
  if (!targets.empty()) turn_.Send(targets[rotation_++ % targets.size()], wan::Pack(message));
}

void RemoteRegion::SendToAll(const wan::WanMessage& message) {
  const Bytes body = wan::Pack(message);
  for (const local::Gateway& gateway : region().gateways) {
    turn_.Send({id_, Role::kGateway, gateway.id}, body);
  }
}

void RemoteRegion::SetShare(std::size_t index, std::size_t count) {
  if (index == share_index_ && count == share_count_) return;
  share_index_ = index;
  share_count_ = count;
  outbox_.ForgetExtent();
  counted_at_ = UINT64_MAX;
}

bool RemoteRegion::IsMyShare(local::PartitionKey key) const {
  return key.partition.value % share_count_ == share_index_;
}

bool RemoteRegion::IsOwn(Actor actor) const {
  return actor.region() == ring_.self().region;
}

// This region's own origin at any time; of others only what was lacking when the region last asked:
// what they mint since comes from them.
crdt::SeenVector RemoteRegion::Wanted(local::PartitionKey key) const {
  crdt::SeenVector wanted = view_.Settled(key).Only([this](Actor actor) { return IsOwn(actor); });
  if (const auto owed = owed_.find(key); owed != owed_.end()) wanted.Merge(owed->second);
  return wanted;
}

void RemoteRegion::OnExtent(const wan::Extent& extent) {
  const auto named = [&](Actor actor) {
    return std::ranges::find(extent.origins, actor.region()) != extent.origins.end();
  };
  const bool asks_for_others = std::ranges::any_of(
      extent.origins, [&](RegionId origin) { return origin != ring_.self().region; });
  std::map<local::PartitionKey, const crdt::SeenVector*> theirs;
  for (const crdt::PartitionSeen& partition : extent.partitions) {
    theirs[partition.key] = &partition.seen;
  }
  for (const local::PartitionKey key : view_.partitions()) {
    const auto at = theirs.find(key);
    const crdt::SeenVector held = at == theirs.end() ? crdt::SeenVector{} : *at->second;
    // What is settled here and not in their word is lacking there, whatever was acked before.
    const crdt::SeenVector lacking = view_.Settled(key).Only(named).Without(held);
    outbox_.Believe(key, held, lacking);
    if (asks_for_others) owed_[key] = lacking.Only([this](Actor actor) { return !IsOwn(actor); });
  }
  if (named(Actor::Of(ring_.self().region, {}, 0))) outbox_.ExtentKnown();
  look_ = true;
  counted_at_ = UINT64_MAX;
}

void RemoteRegion::SendExtent(std::vector<RegionId> origins, std::optional<ProcessId> to) {
  wan::Extent extent{std::move(origins), {}};
  const auto named = [&](Actor actor) {
    return std::ranges::find(extent.origins, actor.region()) != extent.origins.end();
  };
  for (const local::PartitionKey key : view_.partitions()) {
    crdt::SeenVector held = view_.Held(key).Only(named);
    if (Concerns(key) && !held.empty()) extent.partitions.push_back({key, std::move(held)});
  }
  if (to) {
    turn_.Send(*to, wan::Pack(extent));
  } else {
    SendToAll(extent);
  }
}

void RemoteRegion::Beat(Moment now) {
  if (++beats_ % kBeatsPerRetry == 0) outbox_.RetryTooLarge();
  if (!outbox_.knows_extent()) Send(now, wan::ExtentAsk{ring_.self().region});
  look_ = true;
  CountBehind(now);
  wan::Beat beat;
  beat.mutations = mutations_behind_;
  beat.bytes = outbox_.waiting_bytes();
  beat.digest = {view_.SettledDigest(id_)};
  beat.epoch = ring_.topology().epoch.value;
  beat.share = static_cast<std::uint32_t>(share_index_);
  beat.shares = static_cast<std::uint32_t>(share_count_);
  if (behind_since_ || !outbox_.idle()) {
    const WallTime oldest = now.wall - Behind(now);
    beat.oldest_ms = static_cast<std::uint64_t>(Milliseconds(oldest.time_since_epoch()));
  }
  // To all of them: each tells its operators how far its region is behind.
  SendToAll(beat);
}

// Mutations of this region's origin that the other is not known to hold, of the partitions that
// this gateway ships: what the others ship, only they know of. While there are any that are not in
// the outbox, their age is counted from when that began, or from an older stamp once read.
void RemoteRegion::CountBehind(Moment now) {
  const bool nothing_waits = mutations_behind_ == 0 && outbox_.idle() && !behind_since_;
  if (counted_at_ == view_.changes() && nothing_waits) return;
  counted_at_ = view_.changes();
  mutations_behind_ = 0;
  bool unread = !outbox_.knows_extent();
  const auto own = [&](Actor actor) { return actor.region() == ring_.self().region; };
  for (const local::PartitionKey key : view_.partitions()) {
    if (!Concerns(key) || !IsMyShare(key)) continue;
    const crdt::SeenVector mine = view_.Union(key).Only(own);
    mutations_behind_ += outbox_.NotHeld(key, mine).Count();
    unread = unread || !outbox_.Missing(key, view_.Settled(key).Only(own)).empty();
  }
  if (!unread) {
    behind_since_.reset();
  } else if (!behind_since_) {
    behind_since_ = now.wall;
  }
}

Duration RemoteRegion::Behind(Moment now) const {
  Duration age{};
  if (behind_since_) age = now.wall - *behind_since_;
  if (const auto oldest = outbox_.OldestStamp(ring_.self().region))
    age = std::max(age, now.wall - oldest->wall());
  return std::max(age, Duration{});
}

// In turn, so that a dot whose row is gone on one node is asked of the next.
std::optional<NodeId> RemoteRegion::HolderOf(Moment now, local::PartitionKey key,
                                             const crdt::SeenVector& missing) const {
  std::vector<NodeId> holders = view_.HoldersOf(key, missing);
  std::erase_if(holders, [&](NodeId node) {
    const auto silent = silent_until_.find(node);
    return silent != silent_until_.end() && now.monotonic < silent->second;
  });
  if (holders.empty()) return std::nullopt;
  return holders[last_read_id_ % holders.size()];
}

// One node is asked for all that it has of what is missing. Which one, the first partition says; so
// each look begins behind the one that said so last, or a partition whose rows nobody can give
// would keep the others waiting.
void RemoteRegion::LookForMissing(Moment now) {
  look_ = false;
  local::LogRead read{last_read_id_ + 1, {}};
  std::optional<NodeId> from;
  const auto& keys = view_.partitions();
  const auto first = std::ranges::upper_bound(keys, look_after_) - keys.begin();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto key = keys[(static_cast<std::size_t>(first) + i) % keys.size()];
    if (!Concerns(key) || !IsMyShare(key) || outbox_.Rests(key)) continue;
    crdt::SeenVector missing = outbox_.Missing(key, Wanted(key));
    if (missing.empty()) continue;
    const std::optional<NodeId> holder = HolderOf(now, key, missing);
    if (!holder || (from && *from != *holder)) continue;
    if (!from) look_after_ = key;
    from = holder;
    read.wanted.push_back({key, std::move(missing)});
  }
  if (!from) return;
  read_id_ = ++last_read_id_;
  read_from_ = *from;
  read_deadline_ = now.monotonic + kReadTimeout;
  turn_.Send(ring_.Process(*from), local::Pack(read));
}

void RemoteRegion::OnLogRows(const local::LogRows& rows) {
  if (read_id_ == 0 || rows.id != read_id_) return;
  read_id_ = 0;
  read_deadline_ = kNever;
  silent_until_.erase(read_from_);
  bool taken = false;
  for (const crdt::RowUpdate& update : rows.rows) {
    const auto key = ring_.PartitionOfToken(update.key.placement, update.key.token());
    // A mutation that waited in the log is as late as its stamp says.
    for (const crdt::Version& version : update.row.versions) {
      if (!behind_since_ || !IsOwn(version.dot.actor) || outbox_.Holds(key, version.dot)) continue;
      behind_since_ = std::min(*behind_since_, version.stamp.wall());
    }
    taken = (Concerns(key) && outbox_.Offer({key, update})) || taken;
  }
  // Nothing but orphans, or no room: asking again at once would bring the same.
  look_ = taken;
}

void RemoteRegion::Pump(Moment now) {
  if (now.monotonic >= read_deadline_) {
    silent_until_[read_from_] = now.monotonic + kSilentFor;
    read_id_ = 0;
    read_deadline_ = kNever;
    look_ = true;
  }
  if (look_ && read_id_ == 0 && outbox_.knows_extent() && view_.ready() && outbox_.HasRoom()) {
    LookForMissing(now);
  }
  while (auto batch = outbox_.Next(now.monotonic)) Send(now, *batch);
  for (const wan::Batch& batch : outbox_.Overdue(now.monotonic)) Send(now, batch);
}

Instant RemoteRegion::NextDeadline() const {
  return std::min(outbox_.NextDeadline(), read_deadline_);
}

}  // namespace meridian::node
