#include "crdt/seen_vector.h"

#include <algorithm>
#include <iterator>

#include "base/hash.h"

namespace meridian::crdt {
namespace {

// Up to here, inserting one by one costs less than moving everything.
constexpr std::size_t kFewActors = 8;

}  // namespace

IntervalSet& SeenVector::SlotOf(Actor actor) {
  auto at = std::ranges::lower_bound(entries_, actor, {}, &Entry::actor);
  if (at == entries_.end() || at->actor != actor) at = entries_.insert(at, Entry{actor, {}});
  return at->sequences;
}

bool SeenVector::Add(const Dot& dot) {
  IntervalSet& sequences = SlotOf(dot.actor);
  if (sequences.Contains(dot.sequence)) return false;
  sequences.Add(dot.sequence);
  return true;
}

void SeenVector::Add(Actor actor, const IntervalSet& sequences) {
  if (!sequences.empty()) SlotOf(actor).Merge(sequences);
}

void SeenVector::Merge(const SeenVector& other) {
  if (this == &other) return;
  if (other.entries_.size() <= kFewActors) {
    for (const Entry& entry : other.entries_) Add(entry.actor, entry.sequences);
    return;
  }
  std::vector<Entry> mine = std::move(entries_);
  entries_.clear();
  auto next = mine.begin();
  for (const Entry& entry : other.entries_) {
    for (; next != mine.end() && next->actor <= entry.actor; ++next) {
      entries_.push_back(std::move(*next));
    }
    Add(entry.actor, entry.sequences);  // at the end
  }
  entries_.insert(entries_.end(), std::move_iterator(next), std::move_iterator(mine.end()));
}

const IntervalSet* SeenVector::SequencesOf(Actor actor) const {
  const auto at = std::ranges::lower_bound(entries_, actor, {}, &Entry::actor);
  return at == entries_.end() || at->actor != actor ? nullptr : &at->sequences;
}

bool SeenVector::Contains(const Dot& dot) const {
  const IntervalSet* sequences = SequencesOf(dot.actor);
  return sequences != nullptr && sequences->Contains(dot.sequence);
}

bool SeenVector::Covers(const SeenVector& other) const {
  return std::ranges::all_of(other.entries_, [this](const Entry& entry) {
    const IntervalSet* sequences = SequencesOf(entry.actor);
    return sequences != nullptr && sequences->Covers(entry.sequences);
  });
}

SeenVector SeenVector::Without(const SeenVector& other) const {
  SeenVector left;
  for (const Entry& entry : entries_) {
    const IntervalSet* theirs = other.SequencesOf(entry.actor);
    IntervalSet rest = theirs == nullptr ? entry.sequences : entry.sequences.Without(*theirs);
    if (!rest.empty()) left.entries_.push_back({entry.actor, std::move(rest)});
  }
  return left;
}

SeenVector SeenVector::Common(const SeenVector& other) const {
  SeenVector common;
  for (const Entry& entry : entries_) {
    const IntervalSet* theirs = other.SequencesOf(entry.actor);
    if (theirs == nullptr) continue;
    IntervalSet both = entry.sequences.Common(*theirs);
    if (!both.empty()) common.entries_.push_back({entry.actor, std::move(both)});
  }
  return common;
}

std::uint64_t SeenVector::Count() const {
  std::uint64_t count = 0;
  for (const Entry& entry : entries_) count += entry.sequences.Count();
  return count;
}

std::uint64_t SeenVector::Digest() const {
  return entries_.empty() ? 0 : HashOf(Encode(*this));
}

std::string SeenVector::ToString() const {
  std::string text;
  for (const Entry& entry : entries_) {
    if (!text.empty()) text += "  ";
    text += meridian::ToString(entry.actor) + ": " + entry.sequences.ToString();
  }
  return text;
}

SeenVector HeldBy(const std::vector<const SeenVector*>& vectors, std::size_t quorum) {
  if (quorum == 0 || quorum > vectors.size()) return {};
  // level[k]: dots in at least k + 1 of the vectors met so far.
  std::vector<SeenVector> level(quorum);
  for (const SeenVector* vector : vectors) {
    for (std::size_t k = quorum; k-- > 1;) level[k].Merge(level[k - 1].Common(*vector));
    level[0].Merge(*vector);
  }
  return std::move(level[quorum - 1]);
}

}  // namespace meridian::crdt
