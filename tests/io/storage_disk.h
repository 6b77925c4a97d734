// A disk under test that can crash and come back: the simulator's, or RocksDB over UnsyncedEnv.
//
// Reopen and Crash both end one process and begin the next, so batch ids begin anew.

#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/ports.h"
#include "base/random.h"
#include "io/rocksdb_storage.h"
#include "io/unsynced_env.h"
#include "sim/sim_storage.h"

namespace meridian::test {

// A directory of its own, removed at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    static std::atomic<int> count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("meridian-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Storage& storage() = 0;
  virtual Result<Done> Apply(const WriteBatch& batch) = 0;
  virtual Result<Done> Sync() = 0;
  virtual void SetFull(bool full) = 0;
  // The process ends and starts again; `torn_tail` draws what survives of the unsynced.
  virtual void Crash() = 0;
  virtual void Crash(Random& torn_tail) = 0;
};

class SimDisk final : public Disk {
 public:
  Storage& storage() override { return storage_; }
  Result<Done> Apply(const WriteBatch& batch) override { return storage_.Apply(batch); }
  Result<Done> Sync() override {
    storage_.Sync(storage_.applied());
    return Done{};
  }
  void SetFull(bool full) override { storage_.SetFull(full); }
  void Crash() override { storage_.Crash(); }
  void Crash(Random& torn_tail) override { storage_.Crash(torn_tail); }

 private:
  sim::SimStorage storage_;
};

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

// Everything a column holds between the bounds.
inline std::vector<std::pair<Bytes, Bytes>> Rows(const Storage& storage, Column column,
                                                 ByteView from = {}, ByteView to = {}) {
  std::vector<std::pair<Bytes, Bytes>> rows;
  const Result<Done> scanned = storage.Scan(column, from, to, [&](const Entry& entry) {
    rows.emplace_back(entry.key, entry.value);
    return true;
  });
  MERIDIAN_CHECK(scanned.has_value());
  return rows;
}

}  // namespace meridian::test
