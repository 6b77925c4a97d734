// A disk for tests of durability: what was not synced is not in the files, only in this process.
//
//     Append "abc"    kept in memory; reads through this Env see it
//     Sync            now it is in the real file, and synced there
//     kill -9         whatever was not synced is gone, as after a power cut
//
// Killing a process does not lose what the kernel was given, so it shows nothing about durability;
// over this Env it does. RocksDB only appends to its files, so a tail a file is all there is to
// keep. Within a test, Crash does the same without a process, and the two switches make the disk
// fail.
//
// Names are not modelled: a file that was created, renamed or deleted stays so. The info log goes
// straight to disk. Never for real data: it only makes loss likelier.

#pragma once

#include <memory>

#include "base/random.h"

namespace rocksdb {
class Env;
}

namespace meridian::io {

struct UnsyncedDisk;

class UnsyncedEnv {
 public:
  UnsyncedEnv();
  ~UnsyncedEnv();  // after every database over it

  // For RocksdbStorage::Options::env.
  rocksdb::Env* env() { return env_.get(); }

  // Drops what is unsynced. Until Restart every change fails, so that a database can be destroyed
  // without leaving a trace.
  void Crash();
  // As Crash, but the kernel had written some of the write-ahead logs by itself: a prefix of their
  // unsynced bytes is kept, in order, usually ending inside a record.
  void Crash(Random& torn_tail);
  void Restart();

  void FailSyncs(bool fail);  // every sync answers an error and keeps nothing
  // Every append answers "no space left", or "disk quota exceeded".
  void SetFull(bool full, bool by_quota = false);

 private:
  std::shared_ptr<UnsyncedDisk> disk_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace meridian::io
