// How a node learns at its start whether its disk is the one it had: from what its peers remember.
//
//     1 each second to 2, 3:  LifeMark(incarnation 7, mark 41)       they write it down
//     ... 1 comes back, on a disk of mark 20 ...
//     1 to 2:                 DiskAsk(nonce)
//     2 to 1:                 DiskKnown(nonce, incarnation 7, mark 41)   so the disk is an old one
//
// And what a node says that must not be read from.

#pragma once

#include <cstdint>

#include "base/codec.h"

namespace meridian::local {

// Far above what starts ever reach, so that there are always numbers above what a peer tells.
constexpr std::uint32_t kIncarnationTold = UINT32_MAX - (1U << 24);
constexpr std::uint64_t kMarkTold = UINT64_MAX / 2;

// "What do you know of me?" The nonce keeps answers to an earlier life of the asker out. `first` to
// `last` are incarnations of the asking life, which are no news; 0 while it has none.
struct DiskAsk {
  std::uint64_t nonce = 0;
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(nonce, first, last);
  }
};
struct DiskKnown {
  std::uint64_t nonce = 0;
  std::uint32_t incarnation = 0;  // the highest ever heard of, those asked for apart; 0: none
  std::uint64_t mark = 0;         // likewise
  bool empty = false;             // the sender itself holds nothing at all

  template <class Archive>
  void serialize(Archive& archive) {
    archive(nonce, incarnation, mark, empty);
    if constexpr (Archive::is_loading::value) {
      codec::Require(incarnation <= kIncarnationTold && mark <= kMarkTold, "no such life");
    }
  }
};

// "My disk has come as far as this", once it has durably.
struct LifeMark {
  std::uint32_t incarnation = 0;
  std::uint64_t mark = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(incarnation, mark);
    if constexpr (Archive::is_loading::value) {
      codec::Require(incarnation <= kIncarnationTold && mark <= kMarkTold, "no such life");
    }
  }
};

// The answer to a ReadRow of a partition that is being filled: ask another.
struct ReadRefused {
  std::uint64_t id = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id);
  }
};

}  // namespace meridian::local
