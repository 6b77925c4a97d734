// A node's disk: one RocksDB, a column family for each Column.
//
//     machine's thread      Apply(batch)   the write-ahead log gets it, unsynced; reads see it
//     committer's thread    Sync()         all that was applied before the call is durable
//
// A batch is one record of the log: after a crash it is there wholly or not at all. What was synced
// is there; what follows it is a prefix of the unsynced batches. (One exception: a power cut in the
// instant in which RocksDB turns to a new log file may keep an unsynced batch of the new file and
// lose one of the old.) Get, MultiGet, Scan and Apply are for one thread; Sync may run beside them.
// After any failure but a full disk the process must stop: RocksDB is told never to resume by
// itself.
//
// The options, and why each of them, are in rocksdb_options.cc.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/ports.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Env;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace meridian::io {

// What the nodes of a ring give as data_buffer_bytes, 32 to 40 MB. All get about as many writes, so
// equal memtables would be full at one moment, and all flush at once.
std::size_t StaggeredBufferBytes(std::uint32_t node);

class RocksdbStorage final : public Storage {
 public:
  struct Options {
    std::string path;                            // a directory; made when it is not there
    std::size_t cache_bytes = 64UL << 20;        // blocks, filters and indexes, of all columns
    std::size_t data_buffer_bytes = 32UL << 20;  // one memtable of `data`; half of it for `log`
    rocksdb::Env* env = nullptr;                 // tests: io/unsynced_env.h. Outlives this
  };

  // kIo when the directory cannot be used or another process has it, kCorrupt when what is in it
  // was damaged, kUnsupportedVersion when a newer release made it.
  static Result<std::unique_ptr<RocksdbStorage>> Open(const Options& options);

  ~RocksdbStorage() override;
  RocksdbStorage(const RocksdbStorage&) = delete;
  RocksdbStorage& operator=(const RocksdbStorage&) = delete;

  // All of the batch or none of it; visible when this returns, durable after the next Sync.
  Result<Done> Apply(const WriteBatch& batch);
  Result<Done> Sync();
  // The same, but a full disk is an answer: false, and the batch is not there, or not all is
  // durable. Then Recover, until that is true as well, and beside nothing but reads; TryApply must
  // be tried again before any later batch (io/lasting_storage.h).
  Result<bool> TryApply(const WriteBatch& batch);
  Result<bool> TrySync();
  Result<bool> Recover();

  // Syncs and lets go of the directory. Nothing else may be called afterwards.
  Result<Done> Close();

  Result<std::optional<Bytes>> Get(Column column, ByteView key) const override;
  Result<std::vector<std::optional<Bytes>>> MultiGet(Column column,
                                                     const std::vector<Bytes>& keys) const override;
  Result<Done> Scan(Column column, ByteView from, ByteView to,
                    const std::function<bool(const Entry&)>& visit) const override;

 private:
  class Watch;

  explicit RocksdbStorage(std::string path);
  rocksdb::ColumnFamilyHandle* Family(Column column) const;
  Failure Failed(const char* attempt, const rocksdb::Status& status) const;
  // False when the disk is full, true when `status` is ok.
  Result<bool> RoomFor(const char* attempt, const rocksdb::Status& status) const;
  // The rest is of Recover. Rest waits until no flush runs or is ordered, nor a compaction runs.
  void Rest();
  rocksdb::Status ForgetSoftError();
  rocksdb::Status FlushOneByOne();
  rocksdb::Status ResumeStopped();

  std::string path_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;  // by Column, then RocksDB's own default
  std::unique_ptr<rocksdb::WriteBatch> scratch_;        // kept for its memory
  std::shared_ptr<Watch> watch_;
};

}  // namespace meridian::io
