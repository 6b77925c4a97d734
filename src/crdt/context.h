// A context: for every actor, the highest sequence of it that has been merged into a row.
//
//     {A:9 B:2} covers A:1 .. A:9 and B:1, B:2 of this row
//
// The claim about the lower sequences is right because only whole joined rows travel: whoever
// minted A:9 on this row had merged every earlier dot that A minted on it. A context says
// nothing about other rows, so nothing is ever marked as seen from one.
//
// A plain value, sorted by actor, so equal contexts encode to equal bytes.
// Source: Preguica et al., "Dotted version vectors", 2010.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/codec.h"
#include "crdt/dot.h"

namespace meridian::crdt {

class Context {
 public:
  // Raises the entry of the dot's actor to at least its sequence.
  void Add(const Dot& dot);

  // The least upper bound of the two.
  void Merge(const Context& other);

  // The highest sequence merged of `actor`; 0 when there is none.
  std::uint64_t SequenceOf(Actor actor) const;

  bool Covers(const Dot& dot) const { return dot.sequence <= SequenceOf(dot.actor); }
  bool Covers(const Context& other) const;

  bool empty() const { return entries_.empty(); }
  const std::vector<Dot>& entries() const { return entries_; }
  std::string ToString() const;  // "{2.1#7:12 3.1#1:4}"

  friend bool operator==(const Context&, const Context&) = default;

  template <class Archive>
  void save(Archive& archive) const {
    archive(entries_);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(entries_);
    const auto disorder = [](const Dot& a, const Dot& b) { return a.actor >= b.actor; };
    codec::Require(std::ranges::adjacent_find(entries_, disorder) == entries_.end(),
                   "context is not in canonical form");
  }

 private:
  std::vector<Dot> entries_;  // ascending actor, each once; every sequence is at least 1
};

}  // namespace meridian::crdt
