// Files as an Env has them, but a write-ahead log's write that fails is told before RocksDB hears
// of it, in its thread:
//
//     Append ──> no space ──> failing() ──> RocksDB: the file has failed
//
// And "disk quota exceeded" is told as what it is: no space.
//
// For RocksDB does not stand a sync of a log that begins after its write has failed and before that
// is known: where its assertions are compiled in, as in Debian's, the process ends. `failing`
// returns when no sync runs and none will begin.

#pragma once

#include <functional>
#include <memory>

namespace rocksdb {
class Env;
}

namespace meridian::io {

// `base` outlives it; nullptr is RocksDB's own.
std::unique_ptr<rocksdb::Env> NewLogWatchingEnv(rocksdb::Env* base, std::function<void()> failing);

}  // namespace meridian::io
