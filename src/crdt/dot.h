// A dot: the name of one mutation. (actor, sequence), sequence from 1, per actor and partition.
//
// Minted once, by the actor itself, and never reused: an actor that may have lost what it minted
// comes back under another incarnation.

#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/ids.h"

namespace meridian::crdt {

struct Dot {
  Actor actor;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const Dot&, const Dot&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, sequence);
  }
};

// "2.1#7:12"
inline std::string ToString(const Dot& dot) {
  return ToString(dot.actor) + ':' + std::to_string(dot.sequence);
}

}  // namespace meridian::crdt
