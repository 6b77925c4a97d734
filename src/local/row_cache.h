// The rows touched last, decoded: a put or get of a hot row skips RocksDB's memtable and the codec.
//
//     set = token % 8192:  [ (key, row) (key, row) (key, row) (key, row) ]   four ways, oldest goes
//
// Rows over kRowBytesMax are not kept, so the whole is bounded: about 12 MB with 100-byte values.
// Coherent because Replica changes rows in one place only.

#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "crdt/row.h"

namespace meridian::local {

class RowCache {
 public:
  // Null when it is not here. An absent row may be cached too, as an empty one. Valid until the
  // next Store.
  const crdt::Row* Find(Token token, ByteView storage_key) const {
    const Set& set = SetOf(token);
    const std::size_t way = set.WayOf(token, storage_key);
    return way == kWays ? nullptr : &set.slots[way].row;
  }

  void Store(Token token, ByteView storage_key, crdt::Row row) {
    Set& set = SetOf(token);
    std::size_t way = set.WayOf(token, storage_key);
    if (SizeOf(row) > kRowBytesMax) {
      // What is cached under this key, if anything, is out of date now.
      if (way != kWays) set.slots[way] = {};
      return;
    }
    if (way == kWays) {
      way = set.next++ % kWays;
      set.tokens[way] = token;
      set.slots[way].storage_key = storage_key;
    }
    set.slots[way].row = std::move(row);
  }

 private:
  static constexpr std::size_t kSets = 8192;
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kRowBytesMax = 2048;

  struct Slot {
    Bytes storage_key;  // never empty for a real row
    crdt::Row row;
  };
  struct Set {
    std::array<Token, kWays> tokens;  // side by side: most are looked at in vain
    std::size_t next = 0;
    std::array<Slot, kWays> slots;

    // kWays when it is in none.
    std::size_t WayOf(Token token, ByteView storage_key) const {
      for (std::size_t way = 0; way < kWays; ++way) {
        if (tokens[way] == token && slots[way].storage_key == storage_key) return way;
      }
      return kWays;
    }
  };
  Set& SetOf(Token token) { return sets_[token.value % kSets]; }
  const Set& SetOf(Token token) const { return sets_[token.value % kSets]; }

  static std::size_t SizeOf(const crdt::Row& row) {
    std::size_t bytes = row.context.entries().size() * sizeof(crdt::Dot);
    for (const crdt::Version& version : row.versions) {
      bytes += sizeof(version) + (version.value ? version.value->size() : 0);
    }
    return bytes;
  }

  std::vector<Set> sets_ = std::vector<Set>(kSets);
};

}  // namespace meridian::local
