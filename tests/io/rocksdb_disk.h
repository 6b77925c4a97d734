// RocksDB over UnsyncedEnv as a Disk: a crash loses exactly what was not synced.

#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "io/rocksdb_storage.h"
#include "io/scratch_directory.h"
#include "io/storage_disk.h"
#include "io/unsynced_env.h"

namespace meridian::test {

class RocksdbDisk final : public Disk {
 public:
  // Small memtables: their flushes are part of what is tested.
  explicit RocksdbDisk(std::size_t data_buffer_bytes = 64 << 10)
      : data_buffer_bytes_(data_buffer_bytes) {
    Open();
  }

  Storage& storage() override { return *storage_; }
  Result<Done> Apply(const WriteBatch& batch) override { return storage_->Apply(batch); }
  Result<Done> Sync() override { return storage_->Sync(); }
  void SetFull(bool full) override { env_.SetFull(full); }
  void Crash() override {
    env_.Crash();
    Restart();
  }
  void Crash(Random& torn_tail) override {
    env_.Crash(torn_tail);
    Restart();
  }

  io::UnsyncedEnv& env() { return env_; }
  io::RocksdbStorage& rocksdb() { return *storage_; }
  std::string path() const { return directory_ / "data"; }

  // The process ends and nothing but what was synced is left.
  void Stop() {
    env_.Crash();
    storage_.reset();
    env_.Restart();
  }
  Result<Done> CloseCleanly() {
    const Result<Done> closed = storage_->Close();
    storage_.reset();
    return closed;
  }
  Result<Done> TryOpen() {
    auto opened = io::RocksdbStorage::Open(
        {.path = path(), .data_buffer_bytes = data_buffer_bytes_, .env = env_.env()});
    if (!opened) return opened.failure();
    storage_ = std::move(*opened);
    return Done{};
  }
  void Open() {
    const Result<Done> opened = TryOpen();
    if (!opened) std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    MERIDIAN_CHECK(opened.has_value());
  }

 private:
  void Restart() {
    storage_.reset();
    env_.Restart();
    Open();
  }

  ScratchDirectory directory_;
  const std::size_t data_buffer_bytes_;
  io::UnsyncedEnv env_;
  std::unique_ptr<io::RocksdbStorage> storage_;
};

}  // namespace meridian::test
