// The memtable of the `log` column, whose keys end in a number that nearly always rises
// (local/log_keys.h).
//
//     partition 1, actor A ─▶ run   1 ─▶ 2 ─▶ 3 ─▶ ...   each dot is put behind the last
//     partition 1, actor B ─▶ run   1 ─▶ 2 ─▶ ...
//
// Keys that begin with the same twelve bytes are one run, and runs are in the order of keys. The
// writer finds a run by its hash and puts a row at its end without a comparison; RocksDB's own skip
// list searches among a hundred thousand rows, even with its hints
// (docs/adr/0013-a-put-for-less.md). A run is a skip list, so dots that come late, and keys of
// another form, are only slower.

#pragma once

#include <memory>

namespace rocksdb {
class MemTableRepFactory;
}  // namespace rocksdb

namespace meridian::io {

std::shared_ptr<rocksdb::MemTableRepFactory> NewLogMemtables();

}  // namespace meridian::io
