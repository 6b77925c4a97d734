// The name of a row, and its place in the `data` column of RocksDB.
//
//     placement (2) | token (8) | namespace (2) | key length (2) | key | element
//     all integers big endian, so RocksDB's order is the ring's order
//
// A partition, a Merkle leaf and a hand-off are contiguous, and the elements of one key follow each
// other. The token is a function of namespace and key; it is never sent, always computed.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/codec.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"

namespace meridian::crdt {

struct RowKey {
  PlacementId placement;
  NamespaceId space;
  Bytes key;
  Bytes element;  // of a set, map or counter; empty for a register

  Token token() const { return TokenOf(space, key); }

  friend auto operator<=>(const RowKey&, const RowKey&) = default;
  template <class Archive>
  void save(Archive& archive) const {
    archive(placement, space, key, element);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(placement, space, key, element);
    codec::Require(key.size() <= kKeyBytesMax, "key is too long to store");
  }

  static constexpr std::size_t kKeyBytesMax = UINT16_MAX;  // two bytes hold its length
};

// Requires key.size() <= RowKey::kKeyBytesMax.
Bytes StorageKey(const RowKey& key);
Bytes StorageKey(const RowKey& key, Token token);  // when the caller has computed the token

// kCorrupt when the bytes are not a row's key or the token in it is not the key's.
Result<RowKey> ParseStorageKey(ByteView bytes);

}  // namespace meridian::crdt
