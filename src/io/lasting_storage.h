// A RocksdbStorage that outlasts a full disk: what cannot be written waits in memory.
//
//     Apply ── room ──> RocksDB ──> Sync ──> durable
//       └── no room ──> waiting ──> Sync tries again each half second, and returns once all of it
//             ^                     is in RocksDB and synced
//     Get, Scan see it
//
// So nothing is told to be durable that is not, nothing is lost while the process lives, and reads
// go on. What waits is one batch: later writes of a key replace earlier ones, and it reaches
// RocksDB whole. Room() says in time that there is little left, so that a machine ceases to write
// before RocksDB fails, and cannot write while something waits. Sync is for the committer's thread,
// the rest for the machine's, as with RocksdbStorage.

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "base/disk_room.h"
#include "io/rocksdb_storage.h"

namespace meridian::io {

class LastingStorage final : public Storage, public DiskGauge {
 public:
  struct Options {
    // Free bytes of the file system below which there is `low` room, and none. What RocksDB needs
    // to write its memtables and logs out, and to make room by compaction, is within them.
    std::uint64_t low_bytes = 512UL << 20;
    std::uint64_t none_bytes = 128UL << 20;
    std::chrono::milliseconds retry{500};  // also how old a figure of free bytes may be
  };

  // `disk` outlives this; `path` is on its file system.
  LastingStorage(RocksdbStorage& disk, std::string path, Options options);

  Result<Done> Apply(const WriteBatch& batch);
  // Returns when everything applied before is durable, however long that takes.
  Result<Done> Sync();
  // Sync fails from now on rather than wait: the process ends.
  void GiveUp();

  DiskRoom Room() const override;

  Result<std::optional<Bytes>> Get(Column column, ByteView key) const override;
  Result<std::vector<std::optional<Bytes>>> MultiGet(Column column,
                                                     const std::vector<Bytes>& keys) const override;
  Result<Done> Scan(Column column, ByteView from, ByteView to,
                    const std::function<bool(const Entry&)>& visit) const override;

 private:
  using Waiting = std::map<Bytes, std::optional<Bytes>, std::less<>>;

  Result<Done> ApplyOrKeep(const WriteBatch& batch);
  void KeepWaiting(const WriteBatch& batch);
  bool IsWaiting() const { return is_waiting_.load(std::memory_order_acquire); }
  const Waiting& Of(Column column) const { return waiting_[static_cast<std::size_t>(column)]; }
  // Writes what waits; false when there is no room yet.
  Result<bool> WriteWaiting();
  // One attempt at all of it.
  Result<bool> TryAll();

  RocksdbStorage& disk_;
  const std::string path_;
  const Options options_;

  mutable std::mutex mutex_;
  std::condition_variable woken_;
  std::array<Waiting, kColumnCount> waiting_;  // guarded by mutex_
  BatchId last_;                               // likewise; the newest of them
  bool given_up_ = false;                      // likewise
  std::atomic<bool> is_waiting_ = false;       // waiting_ is not empty
  std::atomic<bool> is_applying_ = false;      // the machine's thread is in Apply
  std::atomic<bool> is_starved_ = false;       // the last attempt found no room

  mutable std::chrono::steady_clock::time_point measured_at_;
  mutable DiskRoom measured_ = DiskRoom::kPlenty;
};

}  // namespace meridian::io
