// The memtable of columns whose keys begin with a placement and a token (crdt/row_key.h).
//
//     placement 1 ─▶ bucket 0  │ bucket 1   │ ...        the token's first bits
//                     └ row ─▶ row   └ row               a sorted skip list each
//
// Tokens are hashes, so rows spread evenly over the buckets, and buckets are in the order of keys.
// A row is put in its place among a handful of others, where RocksDB's own skip list walks from
// the top past a hundred thousand: an insert touches a few cache lines instead of dozens
// (docs/adr/0013-a-put-for-less.md). Buckets that fill, as all elements of a set share one token,
// are skip lists like any other. Keys of another form are only slower.
//
// One thread writes, any number read beside it, as RocksDB requires of those without concurrent
// inserts. Rows are in the memtable's arena; a placement's buckets, two megabytes at most, are not
// counted, so that many placements do not make small memtables.

#pragma once

#include <cstddef>
#include <memory>

namespace rocksdb {
class MemTableRepFactory;
}  // namespace rocksdb

namespace meridian::io {

// For memtables of about this size.
std::shared_ptr<rocksdb::MemTableRepFactory> NewTokenMemtables(std::size_t buffer_bytes);

}  // namespace meridian::io
