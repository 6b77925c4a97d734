#include "sim/sim_storage.h"

#include <utility>

#include "base/check.h"

namespace meridian::sim {

Write SimStorage::Exchange(const Write& write) {
  Rows& rows = Of(write.column);
  Write undo{write.column, write.key, std::nullopt};
  const auto found = rows.lower_bound(write.key);
  const bool exists = found != rows.end() && found->first == write.key;
  if (exists) undo.value = std::move(found->second);
  if (write.value && exists) {
    found->second = *write.value;
  } else if (write.value) {
    rows.emplace_hint(found, write.key, *write.value);
  } else if (exists) {
    rows.erase(found);
  }
  return undo;
}

Result<Done> SimStorage::Apply(const WriteBatch& batch) {
  if (batch.writes.empty()) return Done{};
  MERIDIAN_CHECK(batch.id > applied_);
  if (full_) return Fail(ErrorCode::kIo, "simulated disk: no space left");
  applied_ = batch.id;
  Undo& undo = unsynced_.emplace_back(Undo{batch.id, {}});
  undo.writes.reserve(batch.writes.size());
  for (const Write& write : batch.writes) {
    if (write.column == keeps_erased_ && !write.value) continue;
    undo.writes.push_back(Exchange(write));
  }
  return Done{};
}

void SimStorage::Sync(BatchId up_to) {
  MERIDIAN_CHECK(up_to <= applied_);
  while (!unsynced_.empty() && unsynced_.front().id <= up_to) unsynced_.pop_front();
  synced_ = std::max(synced_, up_to);
}

void SimStorage::Crash() {
  CrashKeeping(0);
}

void SimStorage::Crash(Random& torn_tail) {
  CrashKeeping(torn_tail.Below(unsynced_.size() + 1));
}

SimStorage SimStorage::Copy() const {
  SimStorage copy = *this;
  copy.Crash();
  return copy;
}

void SimStorage::CrashKeeping(std::size_t unsynced_batches) {
  while (unsynced_.size() > unsynced_batches) {
    const std::vector<Write> writes = std::move(unsynced_.back().writes);
    unsynced_.pop_back();
    for (auto write = writes.rbegin(); write != writes.rend(); ++write) Exchange(*write);
  }
  unsynced_.clear();
  applied_ = synced_ = {};
}

void SimStorage::Rot(Column column, const Bytes& key,
                     const std::function<Bytes(const Bytes&)>& alter) {
  Rows& rows = Of(column);
  const auto row = rows.find(key);
  Bytes altered = alter(row == rows.end() ? Bytes() : row->second);
  if (!altered.empty()) {
    rows[key] = std::move(altered);
  } else if (row != rows.end()) {
    rows.erase(row);
  }
}

Result<std::optional<Bytes>> SimStorage::Get(Column column, ByteView key) const {
  const auto found = Of(column).find(key);
  if (found == Of(column).end()) return std::optional<Bytes>();
  return std::optional<Bytes>(found->second);
}

Result<std::vector<std::optional<Bytes>>> SimStorage::MultiGet(
    Column column, const std::vector<Bytes>& keys) const {
  std::vector<std::optional<Bytes>> found;
  found.reserve(keys.size());
  for (const Bytes& key : keys) found.push_back(*Get(column, key));
  return found;
}

Result<Done> SimStorage::Scan(Column column, ByteView from, ByteView to,
                              const std::function<bool(const Entry&)>& visit) const {
  const Rows& rows = Of(column);
  for (auto row = rows.lower_bound(from); row != rows.end(); ++row) {
    if (!to.empty() && row->first >= to) break;
    if (!visit({row->first, row->second})) break;
  }
  return Done{};
}

}  // namespace meridian::sim
