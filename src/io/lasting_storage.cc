#include "io/lasting_storage.h"

#include <filesystem>

namespace meridian::io {

LastingStorage::LastingStorage(RocksdbStorage& disk, std::string path, Options options)
    : disk_(disk), path_(std::move(path)), options_(options) {}

Result<Done> LastingStorage::Apply(const WriteBatch& batch) {
  is_applying_ = true;
  const Result<Done> applied = ApplyOrKeep(batch);
  is_applying_ = false;
  if (is_starved_) is_applying_.notify_all();
  return applied;
}

// Nothing is written beside a recovery: it would not outlast a second failure.
Result<Done> LastingStorage::ApplyOrKeep(const WriteBatch& batch) {
  if (!IsWaiting() && !is_starved_) {
    const Result<bool> written = disk_.TryApply(batch);
    if (!written) return written.failure();
    if (*written) return Done{};
  }
  KeepWaiting(batch);
  return Done{};
}

void LastingStorage::KeepWaiting(const WriteBatch& batch) {
  const std::scoped_lock lock(mutex_);
  for (const Write& write : batch.writes) {
    waiting_[static_cast<std::size_t>(write.column)][write.key] = write.value;
  }
  last_ = batch.id;
  is_starved_ = true;
  is_waiting_.store(true, std::memory_order_release);
}

Result<bool> LastingStorage::WriteWaiting() {
  const std::scoped_lock lock(mutex_);
  WriteBatch batch{last_, {}};
  for (std::size_t i = 0; i < kColumnCount; ++i) {
    for (const auto& [key, value] : waiting_[i]) {
      batch.writes.push_back({static_cast<Column>(i), key, value});
    }
  }
  const Result<bool> written = disk_.TryApply(batch);
  if (!written || !*written) return written;
  for (Waiting& column : waiting_) column.clear();
  is_waiting_.store(false, std::memory_order_release);
  return true;
}

Result<bool> LastingStorage::TryAll() {
  if (is_starved_) {
    is_applying_.wait(true);
    const Result<bool> resumed = disk_.Recover();
    if (!resumed || !*resumed) return resumed;
  }
  if (IsWaiting()) {
    const Result<bool> written = WriteWaiting();
    if (!written || !*written) return written;
  }
  return disk_.TrySync();
}

Result<Done> LastingStorage::Sync() {
  while (true) {
    const Result<bool> done = TryAll();
    if (!done) return done.failure();
    is_starved_ = !*done;
    if (*done) return Done{};
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, options_.retry, [&] { return given_up_; });
    if (given_up_) return Fail(ErrorCode::kIo, "the disk of " + path_ + " is full");
  }
}

void LastingStorage::GiveUp() {
  const std::scoped_lock lock(mutex_);
  given_up_ = true;
  woken_.notify_all();
}

DiskRoom LastingStorage::Room() const {
  if (is_starved_) return DiskRoom::kNone;
  const auto now = std::chrono::steady_clock::now();
  if (now - measured_at_ < options_.retry) return measured_;
  measured_at_ = now;
  std::error_code unknown;
  const std::uint64_t free = std::filesystem::space(path_, unknown).available;
  measured_ = unknown                      ? DiskRoom::kPlenty
              : free < options_.none_bytes ? DiskRoom::kNone
              : free < options_.low_bytes  ? DiskRoom::kLow
                                           : DiskRoom::kPlenty;
  return measured_;
}

Result<std::optional<Bytes>> LastingStorage::Get(Column column, ByteView key) const {
  if (IsWaiting()) {
    const std::scoped_lock lock(mutex_);
    const auto found = Of(column).find(key);
    if (found != Of(column).end()) return found->second;
  }
  return disk_.Get(column, key);
}

Result<std::vector<std::optional<Bytes>>> LastingStorage::MultiGet(
    Column column, const std::vector<Bytes>& keys) const {
  // Looked at before the disk: what waits there now is in the one or the other.
  std::map<std::size_t, std::optional<Bytes>> waiting;
  if (IsWaiting()) {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto found = Of(column).find(keys[i]);
      if (found != Of(column).end()) waiting.emplace(i, found->second);
    }
  }
  auto values = disk_.MultiGet(column, keys);
  if (!values) return values;
  for (auto& [i, value] : waiting) (*values)[i] = std::move(value);
  return values;
}

Result<Done> LastingStorage::Scan(Column column, ByteView from, ByteView to,
                                  const std::function<bool(const Entry&)>& visit) const {
  if (!IsWaiting()) return disk_.Scan(column, from, to, visit);
  if (!to.empty() && from >= to) return Done{};
  Waiting waiting;
  {
    const std::scoped_lock lock(mutex_);
    const auto end = to.empty() ? Of(column).end() : Of(column).lower_bound(to);
    waiting.insert(Of(column).lower_bound(from), end);
  }
  auto next = waiting.begin();
  bool goes_on = true;
  const auto show_until = [&](const Bytes* key) {
    for (; goes_on && next != waiting.end() && (key == nullptr || next->first < *key); ++next) {
      if (next->second) goes_on = visit({next->first, *next->second});
    }
  };
  const Result<Done> scanned = disk_.Scan(column, from, to, [&](const Entry& entry) {
    const Bytes key(entry.key);
    show_until(&key);
    if (goes_on && next != waiting.end() && next->first == key) return true;  // replaced
    return goes_on = goes_on && visit(entry);
  });
  if (scanned) show_until(nullptr);
  return scanned;
}

}  // namespace meridian::io
