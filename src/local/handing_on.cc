#include "local/handing_on.h"

#include <algorithm>

#include "base/big_endian.h"
#include "base/fail_stop.h"
#include "local/log_keys.h"
#include "local/partition_range.h"

namespace meridian::local {
namespace {

constexpr ByteView kPrefix = "leaving";
constexpr std::uint8_t kNoteVersion = 1;

Bytes NoteKey(PartitionKey key) {
  Bytes bytes(kPrefix);
  AppendBigEndian(bytes, key.placement.value);
  AppendBigEndian(bytes, key.partition.value);
  return bytes;
}

}  // namespace

void HandingOn::Load() {
  const Bytes from(kPrefix);
  OrStop(turn_.Scan(Column::kMeta, from, from + '\xff' + '\xff' + '\xff', [&](const Entry& entry) {
    const ByteView place = entry.key.substr(kPrefix.size());
    const PartitionKey key{{ReadBigEndian<std::uint16_t>(place)},
                           {ReadBigEndian<std::uint16_t>(place.substr(2))}};
    leaving_[key].erasing = OrStop(DecodeVersioned<bool>(kNoteVersion, entry.value));
    return true;
  }));
  for (const auto& [key, leaving] : leaving_) {
    if (leaving.erasing) {
      replica_.log().Forget(key);
    } else {
      replica_.Keep(key);
    }
  }
}

void HandingOn::Note(PartitionKey key, const Leaving& leaving) {
  turn_.Put(Column::kMeta, NoteKey(key), EncodeVersioned(kNoteVersion, leaving.erasing));
}

void HandingOn::FollowView(Moment now) {
  const NodeId self{ring_.self().number};
  for (const PartitionKey key : ring_.Partitions()) {
    const auto leaving = leaving_.find(key);
    const bool erasing = leaving != leaving_.end() && leaving->second.erasing;
    if (!ring_.IsWritten(key, self) || erasing || replica_.log().Holds(key)) continue;
    replica_.Keep(key);
    replica_.log().MarkFilling(key);
  }
  const std::vector<PartitionKey> kept = replica_.log().partitions();
  for (const PartitionKey key : kept) {
    const bool is_mine = ring_.IsWritten(key, self);
    const auto leaving = leaving_.find(key);
    if (!is_mine && leaving == leaving_.end()) {
      Note(key, leaving_[key]);
    } else if (is_mine && leaving != leaving_.end() && !leaving->second.erasing) {
      turn_.Erase(Column::kMeta, NoteKey(key));  // wanted again; Filling brings what it missed
      leaving_.erase(leaving);
    }
  }
  for (auto& [key, leaving] : leaving_) leaving.held_by.clear();
  next_ = next_ask_ = now.monotonic;
}

void HandingOn::AskAll(PartitionKey key, Leaving& leaving) {
  const PreferenceList* list = ring_.ListOf(key);
  if (list == nullptr) return;
  const std::uint64_t digest = replica_.log().Digest(key);
  if (leaving.digest != digest) leaving.held_by.clear();
  leaving.digest = digest;
  const Bytes ask = Pack(HandOn{{key, replica_.log().Seen(key)}});
  for (const NodeId node : list->Primaries()) {
    if (node.value != ring_.self().number && !leaving.held_by.contains(node)) {
      turn_.Send(ring_.Process(node), ask);
    }
  }
}

void HandingOn::OnHandOn(NodeId from, const HandOn& ask) {
  const PartitionKey key = ask.have.key;
  if (!ring_.IsMine(key) || !replica_.log().Holds(key) || leaving_.contains(key)) return;
  const crdt::SeenVector& seen = replica_.log().Seen(key);
  if (ask.have.seen.Without(seen).empty()) {
    turn_.Send(ring_.Process(from), Pack(HeldHere{key, {ask.have.seen.Digest()}}), turn_.Barrier());
  } else {
    turn_.Send(ring_.Process(from), Pack(FillAsk{0, key, seen, {}, true}));
  }
}

void HandingOn::OnHeldHere(NodeId from, const HeldHere& held) {
  const auto found = leaving_.find(held.key);
  if (found == leaving_.end() || found->second.erasing) return;
  Leaving& leaving = found->second;
  const PreferenceList* list = ring_.ListOf(held.key);
  const bool counts = list != nullptr && list->IsPrimary(from) &&
                      held.seen.value == leaving.digest &&
                      leaving.digest == replica_.log().Digest(held.key) &&
                      !ring_.IsWritten(held.key, {ring_.self().number});
  if (!counts) return;
  leaving.held_by.insert(from);
  if (leaving.held_by.size() < list->primaries / 2 + 1) return;
  leaving.erasing = true;
  Note(held.key, leaving);
  replica_.log().Forget(held.key);  // nothing is taken in any more, not even if it is wanted again
}

bool HandingOn::EraseSome(PartitionKey key, Leaving& leaving, std::size_t& budget) {
  const auto erase = [&](Column column, Bytes begin, ByteView end, Bytes& to, auto&& each) {
    std::vector<Bytes> keys;
    OrStop(turn_.Scan(column, std::max(begin, to), end, [&](const Entry& entry) {
      if (keys.size() == budget) return false;
      keys.emplace_back(entry.key);
      return true;
    }));
    budget -= keys.size();
    if (!keys.empty()) to = keys.back();
    for (Bytes& row : keys) each(std::move(row));
    return budget != 0;
  };
  const PartitionRange range = PartitionRange::Of(key, ring_.topology().partition_bits);
  const bool no_rows =
      erase(Column::kData, range.begin, range.end, leaving.rows_to, [&](Bytes row) {
        const Token token = OrStop(crdt::ParseStorageKey(row)).token();
        replica_.Erase(std::move(row), token);
      });
  return no_rows && erase(Column::kLog, LogKey(key, {}), LogEnd(key), leaving.log_to,
                          [&](Bytes row) { turn_.Erase(Column::kLog, std::move(row)); });
}

void HandingOn::EraseAll(Moment now) {
  std::size_t budget = options_.erase_at_once;
  for (auto at = leaving_.begin(); at != leaving_.end() && budget != 0;) {
    const PartitionKey key = at->first;
    if (!at->second.erasing || !EraseSome(key, at->second, budget)) {
      ++at;
      continue;
    }
    replica_.trees().Drop(key);
    turn_.Erase(Column::kMeta, SeenCheckpointKey(key));
    turn_.Erase(Column::kMeta, FillingKey(key));
    turn_.Erase(Column::kMeta, NoteKey(key));
    replica_.minter().Renew(key);
    if (ring_.IsWritten(key, {ring_.self().number})) {
      replica_.Keep(key, true);
      replica_.log().MarkFilling(key);
      kept_ = true;
    }
    at = leaving_.erase(at);
  }
  next_ = now.monotonic + options_.erase_interval;
  if (budget != options_.erase_at_once) erased_in_ = turn_.Barrier();
}

bool HandingOn::ErasesWanted() const {
  return ring_.stage() == Stage::kFilling && std::ranges::any_of(leaving_, [&](const auto& one) {
           return one.second.erasing && ring_.IsWritten(one.first, {ring_.self().number});
         });
}

void HandingOn::Tick(Moment now) {
  if (leaving_.empty() || now.monotonic < next_) return;
  // What a full disk does not take is kept in memory: no more of it before the last has been taken.
  if (turn_.Unless(erased_in_) == BatchId{}) {
    EraseAll(now);
  } else {
    next_ = now.monotonic + options_.erase_interval;
  }
  if (now.monotonic < next_ask_) return;
  next_ask_ = now.monotonic + options_.interval;
  for (auto& [key, leaving] : leaving_) {
    if (!leaving.erasing) AskAll(key, leaving);
  }
}

}  // namespace meridian::local
