#include "local/fill_source.h"

#include <algorithm>

#include "base/fail_stop.h"
#include "local/partition_range.h"

namespace meridian::local {
namespace {

// Who lacks less than one dot in so many is served from the log: random reads, but few.
constexpr std::uint64_t kFewOf = 8;
// Rows looked at for one answer, when the asker has most of them.
constexpr std::size_t kRowsLookedAt = 4096;
// A gentle piece is a part of a whole one, so that the turn of who takes it in, which serves
// clients as well, is over within a millisecond.
constexpr std::size_t kPiecesOfWhole = 8;

bool HasAll(const crdt::SeenVector& seen, const crdt::Row& row) {
  if (seen.empty() || row.versions.empty()) return false;
  return std::ranges::all_of(
      row.versions, [&](const crdt::Version& version) { return seen.Contains(version.dot); });
}

}  // namespace

void FillSource::OnAsk(ProcessId from, const FillAsk& ask, bool sound) {
  if (!replica_.log().Holds(ask.key)) return;
  FillRows answer;
  answer.id = ask.id;
  answer.sound = sound;
  const bool gently = from.role == Role::kNode && ring_.IsFilling(ask.key, {from.number});
  const std::size_t parts = gently ? kPiecesOfWhole : 1;
  const Piece piece{bytes_per_answer_ / parts, kRowsLookedAt / parts};
  if (!ask.after.empty()) {
    FillFromData(ask, piece, answer);
  } else {
    const crdt::SeenVector& seen = replica_.log().Seen(ask.key);
    const crdt::SeenVector missing = seen.Without(ask.seen);
    const bool few = ask.by_log || missing.Count() < seen.Count() / kFewOf;
    if (few && !missing.empty()) FillFromLog(ask, piece, missing, answer);
    if (!few) FillFromData(ask, piece, answer);
  }
  rows_sent_ += answer.rows.size();
  turn_.Send(from, Pack(std::move(answer)));
}

void FillSource::FillFromData(const FillAsk& ask, const Piece& piece, FillRows& answer) {
  const PartitionRange range = PartitionRange::Of(ask.key, ring_.topology().partition_bits);
  const Bytes from = ask.after.empty() ? range.begin : std::max(range.begin, ask.after + '\0');
  answer.more = true;
  std::size_t bytes = 0;
  std::size_t looked_at = 0;
  OrStop(turn_.Scan(Column::kData, from, range.end, [&](const Entry& entry) {
    Result<crdt::Row> row = crdt::DecodeRow(entry.value);
    crdt::RowUpdate update{OrStop(crdt::ParseStorageKey(entry.key)), {}, {}};
    if (!row) {
      ++orphans_;  // another node has it; the audit mends this copy
    } else if (update.row = std::move(*row); !HasAll(ask.seen, update.row)) {
      bytes += update.ApproximateBytes();
      answer.rows.push_back(std::move(update));
    }
    if (bytes < piece.bytes && ++looked_at < piece.rows_looked_at) return true;
    answer.after = Bytes(entry.key);
    return false;
  }));
}

void FillSource::FillFromLog(const FillAsk& ask, const Piece& piece,
                             const crdt::SeenVector& missing, FillRows& answer) {
  PartitionLog::Slice slice;
  replica_.log().Read(ask.key, missing, piece.bytes, slice);
  orphans_ += slice.orphans;
  answer.rows = std::move(slice.rows);
  // Without rows the next answer would be the same. Then what is left may be on another node only.
  answer.more = slice.more && !answer.rows.empty();
  answer.sound = answer.sound && (answer.more || !slice.more);
}

}  // namespace meridian::local
