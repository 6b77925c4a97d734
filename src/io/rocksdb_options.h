// How RocksDB 7.8.3 is set up for a node; the reasons stand next to each option.

#pragma once

#include <rocksdb/db.h>

#include <vector>

#include "io/rocksdb_storage.h"

namespace meridian::io {

rocksdb::DBOptions DatabaseOptions(const RocksdbStorage::Options& options);

// One a Column, in its order, then RocksDB's `default`, which has nothing of ours.
std::vector<rocksdb::ColumnFamilyDescriptor> ColumnFamilies(const RocksdbStorage::Options& options);

}  // namespace meridian::io
