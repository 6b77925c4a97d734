#include "local/filling.h"

#include <algorithm>

namespace meridian::local {
namespace {

constexpr Duration kBeat = std::chrono::milliseconds(20);
constexpr Duration kSoon = std::chrono::milliseconds(5);
constexpr std::size_t kTriesBeforeFill = 8;
constexpr std::size_t kTriesMost = 64;

}  // namespace

void Filling::Start(std::uint64_t first_id) {
  started_ = true;
  last_id_ = first_id;
  refill_.Start(first_id);
  for (const auto& [key, target] : std::exchange(targets_, {})) refill_.Drop(key);
}

void Filling::Follow(Moment now) {
  if (std::exchange(view_, ring_.view()) != ring_.view()) {
    std::erase_if(targets_, [&](const auto& target) {
      if (target.second.gained) refill_.Drop(target.first);
      return target.second.gained;
    });
  }
  std::erase_if(targets_, [&](const auto& target) {
    const bool held = replica_.log().Holds(target.first);
    if (!held) refill_.Drop(target.first);
    return !held;
  });
  for (const PartitionKey key : replica_.log().partitions()) FollowOne(now, key);
  figures_.partitions = figures_.filled = 0;
  for (const auto& [key, target] : targets_) {
    figures_.partitions += target.gained ? 1U : 0U;
    figures_.filled += target.gained && target.phase == Phase::kDone ? 1U : 0U;
  }
  next_ = targets_.empty() ? kNever : now.monotonic;
}

void Filling::FollowOne(Moment now, PartitionKey key) {
  const NodeId self{ring_.self().number};
  const bool gained = ring_.IsFilling(key, self);
  const bool lacks = replica_.log().IsFilling(key) && ring_.IsWritten(key, self);
  const auto found = targets_.find(key);
  if (!gained && !lacks) {
    if (found == targets_.end()) return;
    refill_.Drop(key);
    targets_.erase(found);
    return;
  }
  Target target;
  target.gained = gained;
  target.sources = ring_.ListOf(key)->Primaries();
  const std::size_t primaries = target.sources.size();
  target.needed = primaries - (primaries / 2 + 1) + 1;
  std::erase(target.sources, self);
  const bool goes_on = found != targets_.end() && found->second.gained == gained &&
                       found->second.sources == target.sources;
  if (goes_on) return;
  if (!target.sources.empty()) target.source = key.partition.value % target.sources.size();
  const Target& added = targets_.insert_or_assign(key, std::move(target)).first->second;
  if (!lacks) replica_.log().MarkFilling(key);
  refill_.Add(now, key, added.sources, added.needed, gained);
}

bool Filling::TakeFilled(Moment now) {
  bool whole = false;
  for (const PartitionKey key : refill_.TakeFilled()) {
    const auto target = targets_.find(key);
    if (target == targets_.end()) continue;
    whole = whole || target->second.tries == 0;
    if (target->second.gained) {
      target->second.phase = Phase::kSumming;
      next_ = now.monotonic;
    } else {
      replica_.log().MarkFilled(key);
      targets_.erase(target);
    }
  }
  return whole && refill_.idle();
}

bool Filling::LacksOwn() const {
  return std::ranges::any_of(targets_, [](const auto& target) { return !target.second.gained; });
}

void Filling::NextSource(Target& target) {
  target.source = (target.source + 1) % target.sources.size();
  target.tries = 0;
}

void Filling::Tick(Moment now) {
  if (now.monotonic < next_) return;
  for (auto& [key, target] : targets_) {
    const bool refilling = target.phase == Phase::kFilling && target.tries != 0;
    const bool waits = target.ask_id != 0 || refilling;
    if (!waits || now.monotonic - target.asked_at < options_.ask_timeout * (refilling ? 3 : 1)) {
      continue;
    }
    target.ask_id = 0;  // that one is silent: another one
    if (refilling) refill_.Drop(key);
    target.phase = Phase::kSumming;
    NextSource(target);
  }
  Advance(now);
}

// Asks as many as may be asked at once, in order, so that some are finished early.
void Filling::Advance(Moment now) {
  next_ = IsDone() ? kNever : now.monotonic + kBeat;
  if (!replica_.HasStarted()) return;  // ids are of an incarnation that may be lost
  auto asked = static_cast<std::size_t>(
      std::ranges::count_if(targets_, [](const auto& t) { return t.second.ask_id != 0; }));
  for (auto& [key, target] : targets_) {
    if (asked >= options_.sums_max) break;
    if (target.phase != Phase::kSumming || target.ask_id != 0) continue;
    if (now.monotonic < target.not_before) continue;
    target.ask_id = ++last_id_;
    target.asked_at = now.monotonic;
    turn_.Send(ring_.Process(target.sources[target.source]), Pack(SumAsk{target.ask_id, key}));
    ++asked;
  }
}

// Not before this node's view is durable: it says that no write of an older one counts here.
void Filling::OnSumAsk(NodeId from, const SumAsk& ask, bool begun) {
  const PartitionLog& log = replica_.log();
  if (!begun || !log.Holds(ask.key) || log.IsFilling(ask.key)) return;
  const Sum sum{ask.id, {log.Digest(ask.key)}, {replica_.trees().RootOf(ask.key)}};
  turn_.Send(ring_.Process(from), Pack(sum), turn_.Barrier());
}

void Filling::OnSum(Moment now, const Sum& sum) {
  const auto found = std::ranges::find(
      targets_, sum.id, [](const Targets::value_type& target) { return target.second.ask_id; });
  if (sum.id == 0 || found == targets_.end()) return;
  const PartitionKey key = found->first;
  Target& target = found->second;
  target.ask_id = 0;
  ++target.tries;
  if (sum.seen.value != replica_.log().Digest(key)) {
    target.not_before = now.monotonic + kSoon;
    if (target.tries >= kTriesMost) {
      ++figures_.sums_unheld;
      PassSource(key, target);
    } else if (target.tries % kTriesBeforeFill == 0) {
      target.phase = Phase::kFilling;
      target.asked_at = now.monotonic;
      refill_.Add(now, key, {target.sources[target.source]}, 1, true);
    }
  } else if (sum.root.value == replica_.trees().RootOf(key)) {
    ++figures_.sums_equal;
    PassSource(key, target);
  } else {
    ++figures_.sums_differ;
    target.not_before = now.monotonic + options_.ask_timeout;
    NextSource(target);
  }
  Advance(now);
}

void Filling::PassSource(PartitionKey key, Target& target) {
  target.passed.insert(target.sources[target.source]);
  if (target.passed.size() >= target.needed) {
    target.phase = Phase::kDone;
    ++figures_.filled;
    replica_.log().MarkFilled(key);
    return;
  }
  do NextSource(target);
  while (target.passed.contains(target.sources[target.source]));
}

}  // namespace meridian::local
