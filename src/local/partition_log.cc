#include "local/partition_log.h"

#include <algorithm>
#include <map>

#include "base/fail_stop.h"
#include "local/log_keys.h"

namespace meridian::local {
namespace {

constexpr std::uint8_t kSeenVersion = 1;
// Rows fetched at a time while a slice fills, one MultiGet each: few at first, for they may be
// large and those that do not fit are read in vain.
constexpr std::size_t kRowsFirstFetched = 4;
constexpr std::size_t kRowsPerFetch = 64;

constexpr int kReadsMax = 8;  // one after the other that bring nothing but orphans

crdt::RowUpdate MakeUpdate(const Bytes& storage_key, ByteView bytes,
                           const std::vector<crdt::Dot>& dots) {
  crdt::RowUpdate update{
      OrStop(crdt::ParseStorageKey(storage_key)), OrStop(crdt::DecodeRow(bytes)), {}};
  for (const crdt::Dot& dot : dots) {
    if (!update.row.Has(dot)) update.listed.push_back(dot);
  }
  return update;
}

}  // namespace

// The log rows of wanted dots, grouped by the row they point at.
struct PartitionLog::Logged {
  static Logged Gather(const Storage& storage, PartitionKey key, const crdt::SeenVector& wanted,
                       std::size_t dots_max);
  // All of these dots.
  crdt::SeenVector Dots() const;

  std::map<Bytes, std::vector<crdt::Dot>> dots_of_row;  // by storage key
  std::size_t dots = 0;
  bool more = false;
};

crdt::SeenVector PartitionLog::Logged::Dots() const {
  crdt::SeenVector all;
  for (const auto& [row, dots_of_it] : dots_of_row) {
    for (const crdt::Dot& dot : dots_of_it) all.Add(dot);
  }
  return all;
}

PartitionLog::Logged PartitionLog::Logged::Gather(const Storage& storage, PartitionKey key,
                                                  const crdt::SeenVector& wanted,
                                                  std::size_t dots_max) {
  Logged logged;
  for (const auto& [actor, sequences] : wanted.entries()) {
    for (const crdt::Interval& interval : sequences.intervals()) {
      if (logged.more) return logged;
      const auto visit = [&](const Entry& entry) {
        if (logged.dots == dots_max) {
          logged.more = true;
          return false;
        }
        Bytes row = OrStop(StorageKeyOfLog(key, entry.value));
        logged.dots_of_row[std::move(row)].push_back(DotOfLogKey(entry.key));
        ++logged.dots;
        return true;
      };
      OrStop(storage.Scan(Column::kLog, LogKey(key, {actor, interval.first}),
                          LogKey(key, {actor, interval.last + 1}), visit));
    }
  }
  return logged;
}

PartitionLog::PartitionLog(const Ring& ring, Turn& turn, LogFollower* follower)
    : turn_(turn), follower_(follower) {
  for (const PartitionKey key : ring.Partitions()) {
    if (ring.IsWritten(key, {ring.self().number})) keys_.push_back(key);
  }
  states_.resize(keys_.size());
}

void PartitionLog::Load() {
  loaded_ = true;
  for (std::size_t i = 0; i < keys_.size(); ++i) LoadOne(keys_[i], states_[i]);
}

void PartitionLog::LoadOne(PartitionKey key, State& state) {
  const auto stored = OrStop(turn_.Get(Column::kMeta, SeenCheckpointKey(key)));
  if (stored) state.seen = OrStop(DecodeVersioned<crdt::SeenVector>(kSeenVersion, *stored));
  state.filling = OrStop(turn_.Get(Column::kMeta, FillingKey(key))).has_value();
  const bool follows =
      follower_ == nullptr || follower_->OnCheckpointRead(key, state.seen.Digest());
  const bool has_tail = LoadTail(key, state) || !follows;
  if (!state.seen.empty()) state.changed_at = ++changes_;
  if (!has_tail) state.checkpointed_at = state.changed_at;
}

void PartitionLog::Add(PartitionKey key, bool from_nothing) {
  const auto at = std::ranges::lower_bound(keys_, key);
  if (at != keys_.end() && *at == key) return;
  const auto state = states_.emplace(states_.begin() + (at - keys_.begin()));
  keys_.insert(at, key);
  if (loaded_ && !from_nothing) LoadOne(key, *state);
}

void PartitionLog::Forget(PartitionKey key) {
  const auto at = std::ranges::lower_bound(keys_, key);
  if (at == keys_.end() || *at != key) return;
  states_.erase(states_.begin() + (at - keys_.begin()));
  keys_.erase(at);
}

// Skips from actor to actor: of each, only what lies above the checkpoint's unbroken start is read.
bool PartitionLog::LoadTail(PartitionKey key, State& state) {
  bool found = false;
  Bytes from = LogKey(key, {});
  const Bytes end = LogEnd(key);
  for (;;) {
    std::optional<Actor> actor;
    OrStop(turn_.Scan(Column::kLog, from, end, [&](const Entry& entry) {
      actor = DotOfLogKey(entry.key).actor;
      return false;
    }));
    if (!actor) return found;
    const crdt::IntervalSet* known = state.seen.SequencesOf(*actor);
    const bool unbroken = known != nullptr && known->intervals().front().first == 1;
    const std::uint64_t next = unbroken ? known->intervals().front().last + 1 : 1;
    const Bytes past = LogKey(key, {*actor, UINT64_MAX});  // above every sequence there is
    OrStop(turn_.Scan(Column::kLog, LogKey(key, {*actor, next}), past, [&](const Entry& entry) {
      if (!state.seen.Add(DotOfLogKey(entry.key))) return true;
      found = true;
      if (follower_ != nullptr) {
        const Result<Bytes> row = StorageKeyOfLog(key, entry.value);
        follower_->OnTail(key, row ? *row : Bytes());
      }
      return true;
    }));
    from = past;
  }
}

const PartitionLog::State* PartitionLog::Find(PartitionKey key) const {
  const auto at = std::ranges::lower_bound(keys_, key);
  if (at == keys_.end() || *at != key) return nullptr;
  return &states_[static_cast<std::size_t>(at - keys_.begin())];
}

const PartitionLog::State& PartitionLog::At(PartitionKey key) const {
  const State* state = Find(key);
  MERIDIAN_CHECK(state != nullptr);
  return *state;
}

std::uint64_t PartitionLog::Digest(PartitionKey key) const {
  const State& state = At(key);
  if (state.digest_at != state.changed_at) {
    state.digest = state.seen.Digest();
    state.digest_at = state.changed_at;
  }
  return state.digest;
}

bool PartitionLog::Record(PartitionKey key, const crdt::Dot& dot, ByteView storage_key) {
  State& state = At(key);
  if (!state.seen.Add(dot)) return false;
  state.changed_at = ++changes_;
  turn_.Put(Column::kLog, LogKey(key, dot), LogValue(storage_key));
  return true;
}

void PartitionLog::MarkFilling(PartitionKey key) {
  At(key).filling = true;
  turn_.Put(Column::kMeta, FillingKey(key), {});
}

void PartitionLog::MarkFilled(PartitionKey key) {
  State& state = At(key);
  state.filling = false;
  state.changed_at = ++changes_;
  turn_.Erase(Column::kMeta, FillingKey(key));
}

void PartitionLog::Checkpoint(std::size_t part, std::size_t parts) {
  for (std::size_t i = part; i < keys_.size(); i += parts) {
    State& state = states_[i];
    if (state.checkpointed_at == state.changed_at) continue;
    state.checkpointed_at = state.changed_at;
    turn_.Put(Column::kMeta, SeenCheckpointKey(keys_[i]),
              EncodeVersioned(kSeenVersion, state.seen));
    if (follower_ != nullptr) follower_->OnCheckpoint(keys_[i], Digest(keys_[i]));
  }
}

void PartitionLog::Read(PartitionKey key, const crdt::SeenVector& wanted, std::size_t bytes_max,
                        Slice& slice, std::size_t dots_max) const {
  Logged logged = Logged::Gather(turn_, key, wanted, dots_max);
  crdt::SeenVector left = wanted;
  for (int reads = 1;; ++reads) {
    const std::size_t rows = slice.rows.size();
    AppendRows(logged, bytes_max, slice);
    const bool brought = slice.rows.size() > rows;
    if (!logged.more || slice.more || brought || reads == kReadsMax) break;
    left = left.Without(logged.Dots());
    logged = Logged::Gather(turn_, key, left, dots_max);
  }
  slice.more = slice.more || logged.more;
}

void PartitionLog::AppendRows(const Logged& logged, std::size_t bytes_max, Slice& slice) const {
  std::size_t fetch = kRowsFirstFetched;
  auto row = logged.dots_of_row.begin();
  while (row != logged.dots_of_row.end()) {
    std::vector<Bytes> keys;
    for (auto next = row; next != logged.dots_of_row.end() && keys.size() < fetch; ++next) {
      keys.push_back(next->first);
    }
    const auto rows = OrStop(turn_.MultiGet(Column::kData, keys));
    for (const std::optional<Bytes>& bytes : rows) {
      if (slice.bytes >= bytes_max) {
        slice.more = true;
        return;
      }
      // A row that cannot be read is none to send.
      if (bytes && crdt::DecodeRow(*bytes)) {
        slice.rows.push_back(MakeUpdate(row->first, *bytes, row->second));
        slice.bytes += slice.rows.back().ApproximateBytes();
      } else {
        slice.orphans += row->second.size();
      }
      ++row;
    }
    fetch = std::min(2 * fetch, kRowsPerFetch);
  }
}

}  // namespace meridian::local
