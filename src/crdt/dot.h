// A dot: the name of one mutation. (actor, sequence), sequence from 1, per actor and partition.
//
// Minted once, by the actor itself, and never reused: an actor that may have lost what it minted
// comes back under another incarnation.

#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/codec.h"
#include "base/ids.h"

namespace meridian::crdt {

struct Dot {
  Actor actor;
  std::uint64_t sequence = 0;  // 1 .. kSequenceMax of a mutation; 0 names none and is never sent

  static constexpr std::uint64_t kSequenceMax = UINT64_MAX - 1;  // so that + 1 never wraps

  friend auto operator<=>(const Dot&, const Dot&) = default;
  template <class Archive>
  void save(Archive& archive) const {
    archive(actor, sequence);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(actor, sequence);
    codec::Require(sequence >= 1 && sequence <= kSequenceMax, "sequence that nobody mints");
  }
};

// "2.1#7:12"
inline std::string ToString(const Dot& dot) {
  return ToString(dot.actor) + ':' + std::to_string(dot.sequence);
}

}  // namespace meridian::crdt
