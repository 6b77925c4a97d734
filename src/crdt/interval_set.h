// A set of sequences as intervals: {[1,40] [42,57]}. What is usual, 1..n, costs two numbers.
//
// Cursors are interval sets, not high-water marks: a message may overtake another, and an actor
// that died may leave a hole that nobody can ever fill.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/codec.h"
#include "crdt/dot.h"

namespace meridian::crdt {

struct Interval {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive

  friend bool operator==(const Interval&, const Interval&) = default;
};

class IntervalSet {
 public:
  IntervalSet() = default;
  explicit IntervalSet(Interval interval) { Add(interval); }

  void Add(std::uint64_t sequence) { Add({sequence, sequence}); }
  void Add(Interval interval);  // Requires 1 <= first <= last.
  void Merge(const IntervalSet& other);

  bool Contains(std::uint64_t sequence) const;
  bool Covers(const IntervalSet& other) const;

  // What is in here and not in `other`.
  IntervalSet Without(const IntervalSet& other) const;
  // What is in both.
  IntervalSet Common(const IntervalSet& other) const;

  std::uint64_t Max() const { return intervals_.empty() ? 0 : intervals_.back().last; }
  std::uint64_t Count() const;
  bool empty() const { return intervals_.empty(); }
  const std::vector<Interval>& intervals() const { return intervals_; }
  std::string ToString() const;  // "1-40,42-57"

  friend bool operator==(const IntervalSet&, const IntervalSet&) = default;

  // Gaps and lengths, which are small, instead of absolute numbers.
  template <class Archive>
  void save(Archive& archive) const {
    archive(static_cast<std::uint64_t>(intervals_.size()));
    std::uint64_t before = 0;
    for (const Interval& interval : intervals_) {
      archive(interval.first - before, interval.last - interval.first);
      before = interval.last;
    }
  }
  template <class Archive>
  void load(Archive& archive) {
    intervals_.clear();
    std::uint64_t before = 0;
    for (std::uint64_t left = archive.Count(); left > 0; --left) {
      std::uint64_t gap = 0;
      std::uint64_t length = 0;
      archive(gap, length);
      // A gap of one would touch the interval before, which one interval would have said.
      codec::Require(gap >= (intervals_.empty() ? 1U : 2U) && gap <= kMax - before,
                     "intervals out of order");
      const std::uint64_t first = before + gap;
      codec::Require(length <= kMax - first, "interval too long");
      intervals_.push_back({first, first + length});
      before = first + length;
    }
  }

 private:
  static constexpr std::uint64_t kMax = Dot::kSequenceMax;

  std::vector<Interval> intervals_;  // ascending, never touching each other
};

}  // namespace meridian::crdt
