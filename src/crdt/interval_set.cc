#include "crdt/interval_set.h"

#include <algorithm>
#include <iterator>

namespace meridian::crdt {
namespace {

// Up to here, inserting one by one costs less than writing everything anew.
constexpr std::size_t kFewIntervals = 8;

}  // namespace

void IntervalSet::Add(Interval added) {
  MERIDIAN_CHECK(added.first >= 1 && added.first <= added.last && added.last <= kMax);
  // The usual case by far: the next sequence of an actor.
  if (!intervals_.empty() && intervals_.back().last + 1 == added.first) {
    intervals_.back().last = added.last;
    return;
  }
  // [from, to) are the intervals that `added` overlaps or touches.
  const auto from = std::ranges::lower_bound(intervals_, added.first - 1, {}, &Interval::last);
  auto to = from;
  for (; to != intervals_.end() && to->first <= added.last + 1; ++to) {
    added.first = std::min(added.first, to->first);
    added.last = std::max(added.last, to->last);
  }
  if (from == to) {
    intervals_.insert(from, added);
  } else {
    *from = added;
    intervals_.erase(from + 1, to);
  }
}

void IntervalSet::Merge(const IntervalSet& other) {
  if (intervals_.empty()) {
    intervals_ = other.intervals_;
    return;
  }
  if (other.intervals_.size() <= kFewIntervals) {
    for (const Interval& interval : other.intervals_) Add(interval);
    return;
  }
  std::vector<Interval> all;
  all.reserve(intervals_.size() + other.intervals_.size());
  std::ranges::merge(intervals_, other.intervals_, std::back_inserter(all), {}, &Interval::first,
                     &Interval::first);
  intervals_.clear();
  for (const Interval& interval : all) Add(interval);  // each at the end
}

bool IntervalSet::Contains(std::uint64_t sequence) const {
  const auto at = std::ranges::lower_bound(intervals_, sequence, {}, &Interval::last);
  return at != intervals_.end() && at->first <= sequence;
}

bool IntervalSet::Covers(const IntervalSet& other) const {
  return std::ranges::all_of(other.intervals_, [this](const Interval& interval) {
    const auto at = std::ranges::lower_bound(intervals_, interval.first, {}, &Interval::last);
    return at != intervals_.end() && at->first <= interval.first && at->last >= interval.last;
  });
}

IntervalSet IntervalSet::Without(const IntervalSet& other) const {
  IntervalSet left;
  auto hole = other.intervals_.begin();
  for (Interval interval : intervals_) {
    while (hole != other.intervals_.end() && hole->last < interval.first) ++hole;
    for (auto next = hole; next != other.intervals_.end() && next->first <= interval.last; ++next) {
      if (next->first > interval.first) left.Add({interval.first, next->first - 1});
      interval.first = next->last + 1;
      if (interval.first > interval.last) break;
    }
    if (interval.first <= interval.last) left.Add(interval);
  }
  return left;
}

IntervalSet IntervalSet::Common(const IntervalSet& other) const {
  IntervalSet common;
  auto theirs = other.intervals_.begin();
  for (const Interval& ours : intervals_) {
    while (theirs != other.intervals_.end() && theirs->last < ours.first) ++theirs;
    for (auto next = theirs; next != other.intervals_.end() && next->first <= ours.last; ++next) {
      common.Add({std::max(ours.first, next->first), std::min(ours.last, next->last)});
    }
  }
  return common;
}

std::uint64_t IntervalSet::Count() const {
  std::uint64_t count = 0;
  for (const Interval& interval : intervals_) count += interval.last - interval.first + 1;
  return count;
}

std::string IntervalSet::ToString() const {
  std::string text;
  for (const Interval& interval : intervals_) {
    if (!text.empty()) text += ',';
    text += std::to_string(interval.first);
    if (interval.last != interval.first) text += '-' + std::to_string(interval.last);
  }
  return text;
}

}  // namespace meridian::crdt
