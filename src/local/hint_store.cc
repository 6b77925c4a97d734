#include "local/hint_store.h"

#include <algorithm>

#include "base/big_endian.h"
#include "base/fail_stop.h"
#include "base/hash.h"

namespace meridian::local {
namespace {

constexpr std::uint8_t kHintVersion = 1;
constexpr std::uint64_t kSecond = 1000;

std::uint64_t MillisecondsOf(WallTime time) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, Milliseconds(time.time_since_epoch())));
}

void ListGone(const crdt::Row& part, const crdt::Row& joined, crdt::SeenVector& listed) {
  for (const crdt::Version& version : part.versions) {
    if (!joined.Has(version.dot)) listed.Add(version.dot);
  }
}

// The hint after one more write of its row.
Hint Joined(Hint hint, const crdt::RowUpdate& update, Policy policy) {
  crdt::Row joined = crdt::Join(hint.row, update.row, policy);
  ListGone(hint.row, joined, hint.listed);
  ListGone(update.row, joined, hint.listed);
  for (const crdt::Dot& dot : update.listed) {
    if (!joined.Has(dot)) hint.listed.Add(dot);
  }
  hint.row = std::move(joined);
  return hint;
}

// The first storage key that a row of the partition can have.
Bytes FirstKeyOf(PartitionKey key, unsigned partition_bits) {
  Bytes bytes;
  AppendBigEndian(bytes, key.placement.value);
  const std::uint64_t number = key.partition.value;
  AppendBigEndian(bytes, partition_bits == 0 ? std::uint64_t{0} : number << (64 - partition_bits));
  return bytes;
}

}  // namespace

Result<Hint> DecodeHint(ByteView bytes) {
  return DecodeVersioned<Hint>(kHintVersion, bytes);
}

void HintTally::Add(std::size_t bytes, std::uint64_t since_ms) {
  ++rows_;
  bytes_ += bytes;
  ++rows_since_[since_ms / kSecond];
}

void HintTally::Remove(std::size_t bytes, std::uint64_t since_ms) {
  --rows_;
  bytes_ -= bytes;
  const auto since = rows_since_.find(since_ms / kSecond);
  if (--since->second == 0) rows_since_.erase(since);
}

std::optional<std::uint64_t> HintTally::oldest_ms() const {
  if (rows_since_.empty()) return std::nullopt;
  return rows_since_.begin()->first * kSecond;
}

PartitionKey HintStore::PartitionOfKey(ByteView storage_key) const {
  const PlacementId placement{ReadBigEndian<std::uint16_t>(storage_key)};
  return ring_.PartitionOfToken(placement, {ReadBigEndian<std::uint64_t>(storage_key.substr(2))});
}

void HintStore::Count(PartitionKey key, std::size_t bytes, const Hint& hint) {
  total_.Add(bytes, hint.since_ms);
  ++partitions_[key];
  for (const NodeId node : hint.absent) targets_[node].Add(bytes, hint.since_ms);
}

void HintStore::Discount(PartitionKey key, std::size_t bytes, const Hint& hint) {
  total_.Remove(bytes, hint.since_ms);
  const auto partition = partitions_.find(key);
  if (--partition->second == 0) partitions_.erase(partition);
  for (const NodeId node : hint.absent) {
    const auto target = targets_.find(node);
    target->second.Remove(bytes, hint.since_ms);
    if (target->second.rows() == 0) targets_.erase(target);
  }
}

// Only primaries, whatever a message says, and each once: what is counted is given back exactly.
void HintStore::AddAbsent(PartitionKey key, const std::vector<NodeId>& absent, Hint& hint) const {
  const PreferenceList* list = ring_.ListOf(key);
  if (list == nullptr) return;
  for (const NodeId node : absent) {
    const auto at = std::ranges::lower_bound(hint.absent, node);
    if (!list->IsPrimary(node) || (at != hint.absent.end() && *at == node)) continue;
    hint.absent.insert(at, node);
  }
}

void HintStore::Load() {
  OrStop(turn_.Scan(Column::kHint, {}, {}, [&](const Entry& entry) {
    OrStop(crdt::ParseStorageKey(entry.key));
    Count(PartitionOfKey(entry.key), entry.key.size() + entry.value.size(),
          OrStop(DecodeHint(entry.value)));
    return true;
  }));
}

bool HintStore::Keep(Moment now, const crdt::RowUpdate& update, std::size_t needed,
                     const std::vector<NodeId>& absent) {
  return KeepWithin(disk_is_full_ ? 0 : options_.bytes_max, now, update, needed, absent);
}

void HintStore::KeepOwn(Moment now, const crdt::RowUpdate& update, std::size_t needed,
                        const std::vector<NodeId>& absent) {
  KeepWithin(UINT64_MAX, now, update, needed, absent);
}

bool HintStore::KeepWithin(std::uint64_t bytes_max, Moment now, const crdt::RowUpdate& update,
                           std::size_t needed, const std::vector<NodeId>& absent) {
  const Token token = update.key.token();
  Bytes storage_key = crdt::StorageKey(update.key, token);
  const PartitionKey partition = ring_.PartitionOfToken(update.key.placement, token);
  const Namespace* space = ring_.topology().FindNamespace(update.key.space);
  const Policy policy = space == nullptr ? Policy::kSiblings : space->policy;
  const auto stored = OrStop(turn_.Get(Column::kHint, storage_key));
  const Hint before =
      stored ? OrStop(DecodeHint(*stored)) : Hint{MillisecondsOf(now.wall), 0, {}, {}, {}};
  Hint hint = Joined(before, update, policy);
  hint.needed = std::max(hint.needed, static_cast<std::uint32_t>(needed));
  AddAbsent(partition, absent, hint);
  Bytes value = EncodeVersioned(kHintVersion, hint);
  if (stored == value) return true;
  const std::size_t old_bytes = stored ? storage_key.size() + stored->size() : 0;
  const std::size_t bytes = storage_key.size() + value.size();
  if (bytes > old_bytes && total_.bytes() - old_bytes + bytes > bytes_max) {
    ++counters_.refused;
    return false;
  }
  if (stored) Discount(partition, old_bytes, before);
  Count(partition, bytes, hint);
  ++counters_.kept;
  dirty_.Mark(token, turn_.Open());
  turn_.Put(Column::kHint, std::move(storage_key), std::move(value));
  return true;
}

std::optional<Hint> HintStore::Find(const crdt::RowKey& key, Token token) const {
  if (total_.rows() == 0) return std::nullopt;
  const auto stored = OrStop(turn_.Get(Column::kHint, crdt::StorageKey(key, token)));
  if (!stored) return std::nullopt;
  return OrStop(DecodeHint(*stored));
}

std::vector<HintStore::Stored> HintStore::Read(PartitionKey key, const Bytes& from,
                                               std::size_t bytes_max) const {
  std::vector<Stored> hints;
  std::size_t bytes = 0;
  const Bytes first = FirstKeyOf(key, ring_.topology().partition_bits);
  OrStop(turn_.Scan(Column::kHint, from.empty() ? first : from, {}, [&](const Entry& entry) {
    if (bytes >= bytes_max || PartitionOfKey(entry.key) != key) return false;
    const std::size_t size = entry.key.size() + entry.value.size();
    hints.push_back({Bytes(entry.key), HashOf(entry.value), size, OrStop(DecodeHint(entry.value))});
    bytes += size;
    return true;
  }));
  return hints;
}

bool HintStore::Drop(const Stored& hint) {
  const auto stored = OrStop(turn_.Get(Column::kHint, hint.storage_key));
  if (!stored) return true;
  if (HashOf(*stored) != hint.digest) return false;
  Discount(PartitionOfKey(hint.storage_key), hint.bytes, hint.hint);
  ++counters_.handed_over;
  turn_.Erase(Column::kHint, hint.storage_key);
  return true;
}

}  // namespace meridian::local
