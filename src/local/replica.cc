#include "local/replica.h"

#include <algorithm>
#include <functional>

#include "base/fail_stop.h"
#include "base/hash.h"

namespace meridian::local {

void Replica::Start() {
  minter_.Load();
  log_.Load();
  trees_.FinishLoad();
}

namespace {

constexpr std::size_t kUnreadableMax = 1000;  // names kept until the audit takes them
constexpr std::size_t kRowsWorthAScan = 8;

// What a copy becomes when the audit gives it `given`. Of two that claim to know the same, no
// version is dropped; else who knows more is right about what was overwritten.
crdt::Row Mended(const crdt::Row& stored, const crdt::Row& given, crdt::Policy policy) {
  if (given.context == stored.context) {
    crdt::Row both = given;
    for (const crdt::Version& version : stored.versions) {
      if (!given.Has(version.dot)) both.versions.push_back(version);
    }
    std::ranges::sort(both.versions, {}, &crdt::Version::dot);
    return crdt::Join(both, both, policy);
  }
  if (given.context.Covers(stored.context)) return given;
  return crdt::Join(stored, given, policy);
}

}  // namespace

const crdt::Row* Replica::Look(const Bytes& storage_key, Token token, crdt::Row& scratch) {
  if (const crdt::Row* const cached = cache_.Find(token, storage_key)) return cached;
  const auto bytes = OrStop(turn_.Get(Column::kData, storage_key));
  Result<crdt::Row> row = bytes ? crdt::DecodeRow(*bytes) : crdt::Row{};
  if (!row) {
    ++counters_.rows_unreadable;
    if (unreadable_.size() < kUnreadableMax) unreadable_.insert(storage_key);
    return nullptr;
  }
  cache_.Store(token, storage_key, *row);
  scratch = std::move(*row);
  return &scratch;
}

bool Replica::Restore(const crdt::RowUpdate& update, std::uint64_t expected, bool replaces) {
  const Token token = update.key.token();
  const PartitionKey key = ring_.PartitionOfToken(update.key.placement, token);
  if (!log_.Holds(key)) return false;
  const Bytes storage_key = crdt::StorageKey(update.key, token);
  const auto bytes = OrStop(turn_.Get(Column::kData, storage_key));
  if ((bytes ? HashOf(*bytes) : 0) != expected) return false;
  const Namespace* space = ring_.topology().FindNamespace(update.key.space);
  const Policy policy = space == nullptr ? Policy::kSiblings : space->policy;
  const Result<crdt::Row> stored = bytes ? crdt::DecodeRow(*bytes) : crdt::Row{};
  const bool anew = !stored || replaces;
  const crdt::Row row = anew ? update.row : Mended(*stored, update.row, policy);
  const std::size_t leaf = crdt::LeafOf(token, ring_.topology().partition_bits);
  // A tree that disagrees with the disk has what the disk should have.
  const bool tree_is_right = trees_.Recount(key, leaf) != trees_.LeafOf(key, leaf);
  RecordAll(key, {update.key, row, update.listed}, storage_key);
  if (!tree_is_right) {
    trees_.Change(key, token, storage_key, stored ? *stored : crdt::Row{}, row, false);
  }
  trees_.Mark(key, leaf);
  cache_.Store(token, storage_key, row);
  turn_.Put(Column::kData, storage_key, crdt::EncodeRow(row));
  dirty_.Mark(token, turn_.Open());
  return true;
}

bool Replica::Apply(crdt::RowUpdate update, bool absent) {
  const Token token = update.key.token();
  const PartitionKey partition = ring_.PartitionOfToken(update.key.placement, token);
  // What is still kept of a partition that is given up only leaves.
  if (!log_.Holds(partition) || !ring_.IsWritten(partition, {ring_.self().number})) {
    ++counters_.rows_refused;
    return false;
  }
  Bytes storage_key = crdt::StorageKey(update.key, token);
  crdt::Row scratch;
  const crdt::Row* const stored = absent ? &scratch : Look(storage_key, token, scratch);
  if (stored == nullptr) return false;
  ApplyOver(std::move(storage_key), *stored, std::move(update), token);
  return true;
}

std::vector<bool> Replica::AbsentOf(const std::vector<crdt::RowUpdate>& rows) const {
  std::vector<bool> absent(rows.size(), false);
  std::vector<Bytes> keys;
  keys.reserve(rows.size());
  for (const crdt::RowUpdate& row : rows)
    keys.push_back(crdt::StorageKey(row.key, row.key.token()));
  const bool ascending = std::ranges::adjacent_find(keys, std::greater_equal()) == keys.end();
  if (keys.size() < kRowsWorthAScan || !ascending) return absent;
  std::size_t next = 0;
  std::size_t left = 2 * keys.size();  // where more is stored than comes, look-ups are cheaper
  OrStop(turn_.Scan(Column::kData, keys.front(), keys.back() + '\0', [&](const Entry& entry) {
    while (keys[next] < entry.key) absent[next++] = true;
    if (keys[next] == entry.key) ++next;
    return next < keys.size() && --left > 0;
  }));
  while (left > 0 && next < keys.size()) absent[next++] = true;
  return absent;
}

void Replica::Keep(PartitionKey key, bool from_nothing) {
  if (log_.Holds(key)) return;
  log_.Add(key, from_nothing);
  trees_.FinishLoad();
}

void Replica::Erase(Bytes storage_key, Token token) {
  cache_.Store(token, storage_key, {});
  turn_.Erase(Column::kData, std::move(storage_key));
}

// `stored` may be in the cache, so it is gone once the joined row is.
void Replica::ApplyOver(Bytes storage_key, const crdt::Row& stored, crdt::RowUpdate update,
                        Token token) {
  const PartitionKey key = ring_.PartitionOfToken(update.key.placement, token);
  const Namespace* space = ring_.topology().FindNamespace(update.key.space);
  const Policy policy = space == nullptr ? Policy::kSiblings : space->policy;
  DropOverwritten(update.row, stored, log_.Seen(key));
  const bool recorded = RecordAll(key, update, storage_key);
  // A row that was collected here leaves no trace when it arrives late, not even its context.
  const bool collected = stored.context.empty() && update.row.versions.empty() && !recorded;
  crdt::Row joined = crdt::Join(stored, std::move(update.row), policy);
  const bool changed = joined != stored && !collected;
  if (changed) {
    trees_.Change(key, token, storage_key, stored, joined, recorded);
    Bytes encoded = crdt::EncodeRow(joined);
    cache_.Store(token, storage_key, std::move(joined));
    turn_.Put(Column::kData, std::move(storage_key), std::move(encoded));
  }
  if (changed || recorded) dirty_.Mark(token, turn_.Open());
  ++(changed ? counters_.rows_applied : counters_.rows_known);
}

// Rule 4: a version whose dot is seen here but which the stored row no longer has was overwritten
// or collected here; joined again it would come back from the dead.
void Replica::DropOverwritten(crdt::Row& incoming, const crdt::Row& stored,
                              const crdt::SeenVector& seen) {
  counters_.versions_dropped += std::erase_if(incoming.versions, [&](const auto& version) {
    return !stored.Has(version.dot) && seen.Contains(version.dot);
  });
}

// Rule 3: exactly the dots that the sender listed and those present as versions.
bool Replica::RecordAll(PartitionKey key, const crdt::RowUpdate& update, ByteView storage_key) {
  bool recorded = false;
  for (const crdt::Version& version : update.row.versions) {
    recorded |= log_.Record(key, version.dot, storage_key);
  }
  for (const crdt::Dot& dot : update.listed) recorded |= log_.Record(key, dot, storage_key);
  return recorded;
}

}  // namespace meridian::local
