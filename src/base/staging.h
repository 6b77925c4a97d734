// Where the keys of an open turn are among its writes.
//
//     writes   [ row a ] [ log ] [ row b ] [ log ]        FindOrAdd("b", 2)
//     slots    [ . ] [ a: 0 ] [ . ] [ . ] [ b: 2 ] [ . ] [ . ] [ . ]    by the key's hash
//
// A turn stages some dozen rows and asks for each first. A tree with a copy of each key costs two
// allocations a row, this none: keys stay in the writes, and slots are kept from turn to turn.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ports.h"

namespace meridian {

class Staging {
 public:
  // The place of what is written to `key`, if anything. `writes`: those that places were given of.
  std::optional<std::size_t> Find(const std::vector<Write>& writes, ByteView key) const;
  // The same; where nothing is, what is written next, at `next`, is to be it.
  std::size_t FindOrAdd(const std::vector<Write>& writes, ByteView key, std::size_t next);
  void Clear();

  bool empty() const { return used_.empty(); }
  // The places of keys from `from` on and before `to`, by the order of keys. `to` empty: no end.
  std::vector<std::uint32_t> Between(const std::vector<Write>& writes, ByteView from,
                                     ByteView to) const;

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t place = 0;  // and one; 0: free
  };
  // Where the key is, or the free slot where it would be. Requires that there is one.
  std::size_t SlotOf(const std::vector<Write>& writes, ByteView key, std::uint32_t hash) const;
  std::size_t FirstSlot(std::uint32_t hash) const { return hash & (slots_.size() - 1); }
  std::size_t Next(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
  void Put(Slot filled);
  void Grow();
  void Sort(const std::vector<Write>& writes) const;

  std::vector<Slot> slots_;          // at least half of them free; their number is a power of two
  std::vector<std::uint32_t> used_;  // slots
  // Places by the order of their keys, made when that is asked for: rare, but then often in a row.
  mutable std::vector<std::uint32_t> sorted_;
};

}  // namespace meridian
