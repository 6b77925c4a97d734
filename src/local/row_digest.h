// Whether two replicas hold the same row, told in eight bytes: the hash of its stored form, which
// is canonical. Rows of one content have one digest; that of an absent row is the empty row's.

#pragma once

#include <cstdint>

#include "base/hash.h"
#include "crdt/row.h"

namespace meridian::local {

inline std::uint64_t DigestOf(const crdt::Row& row) {
  return HashOf(crdt::EncodeRow(row));
}

}  // namespace meridian::local
