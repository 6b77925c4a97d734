#include "local/handover.h"

#include <algorithm>
#include <limits>

#include "base/fail_stop.h"
#include "local/stand_ins.h"

namespace meridian::local {
namespace {

// A row whose dots are many travels in parts, each with the row: a message has to end somewhere.
constexpr std::size_t kListedPerUpdate = 4096;
constexpr std::size_t kNeverNeeded = std::numeric_limits<std::size_t>::max();

void AppendUpdates(const HintStore::Stored& stored, std::vector<crdt::RowUpdate>& rows) {
  const crdt::RowKey key = OrStop(crdt::ParseStorageKey(stored.storage_key));
  rows.push_back({key, stored.hint.row, {}});
  for (const auto& [actor, sequences] : stored.hint.listed.entries()) {
    for (const crdt::Interval& interval : sequences.intervals()) {
      for (std::uint64_t sequence = interval.first; sequence <= interval.last; ++sequence) {
        if (rows.back().listed.size() == kListedPerUpdate) {
          rows.push_back({key, stored.hint.row, {}});
        }
        rows.back().listed.push_back({actor, sequence});
      }
    }
  }
}

}  // namespace

void Handover::Refill(Moment now) {
  const auto rate = static_cast<std::int64_t>(options_.bytes_per_second);
  const Duration since = std::min<Duration>(now.monotonic - refilled_, std::chrono::seconds(1));
  refilled_ = now.monotonic;
  allowance_ = std::min(MostAllowed(), allowance_ + rate * since.count() / 1'000'000);
}

void Handover::Tick(Moment now) {
  for (auto page = pages_.begin(); page != pages_.end();) {
    const auto at = page++;
    if (at->second.asked.contains(self()) && turn_.durable() >= at->second.own) {
      at->second.holders.insert(self());
      if (DropHeld(at)) continue;
    }
    if (now.monotonic < at->second.deadline) continue;
    ++counters_.timeouts;
    End(at);
  }
  if (now.monotonic < next_) return;
  next_ = now.monotonic + options_.interval;
  if (!replica_.HasStarted() || hints_.total().rows() == 0) return;
  Refill(now);
  std::vector<PartitionKey> kept;
  for (const auto& [key, count] : hints_.partitions()) kept.push_back(key);
  for (const PartitionKey key : kept) {
    if (allowance_ <= 0) break;
    Begin(now, key);
  }
}

std::vector<const PreferenceList*> Handover::ListsOf(PartitionKey key) const {
  std::vector<const PreferenceList*> lists;
  for (const PreferenceList* list : {ring_.ListOf(key), ring_.AlsoWrittenTo(key)}) {
    if (list != nullptr) lists.push_back(list);
  }
  return lists;
}

// The next page of the partition, if one can be delivered now.
void Handover::Begin(Moment now, PartitionKey key) {
  const std::vector<const PreferenceList*> lists = ListsOf(key);
  if (lists.empty() || under_way_.contains(key)) return;
  if (const auto paused = paused_until_.find(key); paused != paused_until_.end()) {
    if (now.monotonic < paused->second) return;
    paused_until_.erase(paused);
  }
  std::vector<NodeId> up;
  std::size_t needed_most = kNeverNeeded;  // of what can be dropped now
  for (const PreferenceList* list : lists) {
    const std::vector<NodeId> of_list = HealthyOf(*list, liveness_, self()).primaries;
    if (of_list.size() < CopiesBeforeDrop(0, list->primaries)) return;
    if (of_list.size() < list->primaries) needed_most = std::min(needed_most, of_list.size());
    for (const NodeId node : of_list) {
      if (std::ranges::find(up, node) == up.end()) up.push_back(node);
    }
  }

  Page page;
  page.partition = key;
  page.deadline = now.monotonic + options_.ack_timeout;
  Bytes& cursor = cursors_[key];
  std::vector<HintStore::Stored> hints = hints_.Read(key, cursor, options_.page_bytes);
  if (!hints.empty()) cursor = hints.back().storage_key + '\0';
  for (HintStore::Stored& hint : hints) {
    if (hint.hint.needed <= needed_most) page.left.push_back(std::move(hint));
  }
  if (hints.empty()) {  // the end of a round that left something
    cursors_.erase(key);
    paused_until_[key] = now.monotonic + options_.pause;
  } else if (!page.left.empty()) {
    const std::uint64_t id = replica_.minter().NewMessageId();
    under_way_.insert(key);
    Send(id, pages_.emplace(id, std::move(page)).first->second, up);
  }
}

void Handover::Send(std::uint64_t id, Page& page, const std::vector<NodeId>& primaries) {
  Replicate message{id, {}};
  std::size_t bytes = 0;
  for (const HintStore::Stored& hint : page.left) {
    AppendUpdates(hint, message.rows);
    bytes += hint.bytes;
  }
  counters_.rows_sent += message.rows.size() * primaries.size();
  allowance_ -= static_cast<std::int64_t>(bytes * primaries.size());
  const Bytes body = Pack(message);
  for (const NodeId node : primaries) {
    page.asked.insert(node);
    if (node != self()) {
      turn_.Send(ring_.Process(node), body);
      continue;
    }
    bool holds = true;  // not over a copy that cannot be read
    for (crdt::RowUpdate& update : message.rows) holds &= replica_.Apply(std::move(update));
    if (!holds) page.asked.erase(node);
    page.own = turn_.Barrier();
  }
}

bool Handover::OnReplicateAck(Moment now, NodeId from, std::uint64_t id) {
  const auto page = pages_.find(id);
  if (page == pages_.end()) return false;
  const PartitionKey key = page->second.partition;
  if (page->second.asked.contains(from)) page->second.holders.insert(from);
  if (!DropHeld(page)) return true;
  Refill(now);
  if (allowance_ > 0 && hints_.partitions().contains(key)) Begin(now, key);
  return true;
}

bool Handover::DropHeld(PageMap::iterator at) {
  Page& page = at->second;
  const std::vector<const PreferenceList*> lists = ListsOf(page.partition);
  const auto is_held = [&](const PreferenceList* list, std::size_t needed) {
    const std::vector<NodeId> primaries = list->Primaries();
    const auto holders =
        std::ranges::count_if(primaries, [&](NodeId node) { return page.holders.contains(node); });
    return static_cast<std::size_t>(holders) >= CopiesBeforeDrop(needed, primaries.size());
  };
  const std::size_t before = page.left.size();
  std::erase_if(page.left, [&](const HintStore::Stored& hint) {
    for (const PreferenceList* list : lists) {
      if (!is_held(list, hint.hint.needed)) return false;
    }
    hints_.Drop(hint);  // one that has changed goes with a later page
    return true;
  });
  if (page.left.size() != before) replica_.minter().EndStandIn(page.partition);
  if (!page.left.empty()) return false;
  End(at);
  return true;
}

void Handover::End(PageMap::iterator page) {
  under_way_.erase(page->second.partition);
  pages_.erase(page);
}

}  // namespace meridian::local
