// A seen vector: which dots have been applied here, per actor. One a (placement, partition).
//
//     2.1#7: 1-40,42-57    3.2#1: 1-9
//
// Everything that catches up asks the one question: what have I seen that you have not?
//
//     mine.Without(yours)
//
// Only applied dots are marked, never what a row's context covers (rule 3).

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/codec.h"
#include "crdt/dot.h"
#include "crdt/interval_set.h"

namespace meridian::crdt {

class SeenVector {
 public:
  struct Entry {
    Actor actor;
    IntervalSet sequences;  // never empty

    friend bool operator==(const Entry&, const Entry&) = default;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(actor, sequences);
    }
  };

  // True when the dot was not in here before.
  bool Add(const Dot& dot);
  void Add(Actor actor, const IntervalSet& sequences);
  void Merge(const SeenVector& other);

  bool Contains(const Dot& dot) const;
  bool Covers(const SeenVector& other) const;
  const IntervalSet* SequencesOf(Actor actor) const;  // null: nothing of this actor

  SeenVector Without(const SeenVector& other) const;
  SeenVector Common(const SeenVector& other) const;
  // The entries of actors that `wanted` accepts.
  template <class Predicate>
  SeenVector Only(Predicate wanted) const {
    SeenVector part;
    for (const Entry& entry : entries_) {
      if (wanted(entry.actor)) part.entries_.push_back(entry);
    }
    return part;
  }

  std::uint64_t Count() const;  // dots
  bool empty() const { return entries_.empty(); }
  const std::vector<Entry>& entries() const { return entries_; }
  std::uint64_t Digest() const;  // equal vectors have equal digests
  std::string ToString() const;

  friend bool operator==(const SeenVector&, const SeenVector&) = default;

  template <class Archive>
  void save(Archive& archive) const {
    archive(entries_);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(entries_);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      codec::Require(
          !entries_[i].sequences.empty() && (i == 0 || entries_[i - 1].actor < entries_[i].actor),
          "seen vector is not in canonical form");
    }
  }

 private:
  IntervalSet& SlotOf(Actor actor);

  std::vector<Entry> entries_;  // ascending actor
};

// Dots in at least `quorum` of the vectors; none for quorum 0.
SeenVector HeldBy(const std::vector<const SeenVector*>& vectors, std::size_t quorum);

}  // namespace meridian::crdt
