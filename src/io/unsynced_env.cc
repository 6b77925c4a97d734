#include "io/unsynced_env.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/bytes.h"

namespace meridian::io {

using rocksdb::FileOptions;
using rocksdb::FSRandomAccessFile;
using rocksdb::FSSequentialFile;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

// What a file has beyond its synced part.
struct Tail {
  std::mutex syncing;  // held while `unsynced` moves into the real file; taken before the disk's
  Bytes unsynced;      // this and `size` are guarded by the disk's mutex
  std::uint64_t size = 0;
};

bool IsWriteAheadLog(const std::string& path) {
  return path.ends_with(".log");
}

}  // namespace

struct UnsyncedDisk {
  std::mutex mutex;                                    // guards everything here
  std::map<std::string, std::shared_ptr<Tail>> tails;  // by path
  bool down = false;
  bool full = false;
  bool by_quota = false;
  bool fail_syncs = false;

  IOStatus CheckUp() {
    const std::lock_guard lock(mutex);
    return down ? IOStatus::IOError("simulated crash") : IOStatus::OK();
  }

  std::shared_ptr<Tail> Find(const std::string& path) {
    const std::lock_guard lock(mutex);
    const auto found = tails.find(path);
    return found == tails.end() ? nullptr : found->second;
  }

  IOStatus Append(Tail& tail, const Slice& bytes) {
    const std::lock_guard lock(mutex);
    if (down) return IOStatus::IOError("simulated crash");
    if (full) return NoRoom();
    tail.unsynced.append(bytes.data(), bytes.size());
    tail.size += bytes.size();
    return IOStatus::OK();
  }

  // As RocksDB words what the system answers.
  IOStatus NoRoom() const {
    if (!by_quota) return IOStatus::NoSpace("simulated full disk");
    return IOStatus::IOError("While appending to file", std::generic_category().message(EDQUOT));
  }

  // What a sync of `tail` has to write.
  IOStatus TakeUnsynced(Tail& tail, Bytes& unsynced) {
    const std::lock_guard lock(mutex);
    if (down) return IOStatus::IOError("simulated crash");
    if (fail_syncs) return IOStatus::IOError("simulated failure of fsync");
    unsynced = std::exchange(tail.unsynced, {});
    return IOStatus::OK();
  }
};

namespace {

class BufferedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  BufferedFile(std::unique_ptr<FSWritableFile> file, std::shared_ptr<UnsyncedDisk> disk,
               std::shared_ptr<Tail> tail)
      : FSWritableFileOwnerWrapper(std::move(file)),
        disk_(std::move(disk)),
        tail_(std::move(tail)) {}

  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    return disk_->Append(*tail_, data);
  }
  IOStatus Append(const Slice& data, const IOOptions&, const rocksdb::DataVerificationInfo&,
                  IODebugContext*) override {
    return disk_->Append(*tail_, data);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard syncing(tail_->syncing);
    Bytes unsynced;
    IOStatus status = disk_->TakeUnsynced(*tail_, unsynced);
    if (status.ok()) status = target()->Append(unsynced, options, debug);
    if (status.ok()) status = target()->Sync(options, debug);
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }
  bool IsSyncThreadSafe() const override { return true; }

  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(disk_->mutex);
    return tail_->size;
  }

  // RocksDB cuts a file only to the size it has; the rest is about the kernel's cache and blocks.
  IOStatus Truncate(std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}
  IOStatus Allocate(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  std::shared_ptr<UnsyncedDisk> disk_;
  std::shared_ptr<Tail> tail_;
};

// A file that has an unsynced tail, as it was when it was opened.
class Snapshot final : public FSSequentialFile, public FSRandomAccessFile {
 public:
  explicit Snapshot(Bytes contents) : contents_(std::move(contents)) {}

  IOStatus Read(std::size_t n, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    const IOStatus status = Read(position_, n, options, result, scratch, debug);
    position_ += result->size();
    return status;
  }
  IOStatus Skip(std::uint64_t n) override {
    position_ = std::min<std::uint64_t>(contents_.size(), position_ + n);
    return IOStatus::OK();
  }
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    const std::size_t size = offset < contents_.size() ? std::min(n, contents_.size() - offset) : 0;
    if (size > 0) std::memcpy(scratch, contents_.data() + offset, size);
    *result = Slice(scratch, size);
    return IOStatus::OK();
  }
  bool use_direct_io() const override { return false; }
  std::size_t GetRequiredBufferAlignment() const override { return 4096; }
  IOStatus InvalidateCache(std::size_t, std::size_t) override { return IOStatus::OK(); }

 private:
  Bytes contents_;
  std::uint64_t position_ = 0;
};

class UnsyncedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit UnsyncedFileSystem(std::shared_ptr<UnsyncedDisk> disk)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(std::move(disk)) {}

  const char* Name() const override { return "UnsyncedFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result,
                           IODebugContext* debug) override {
    IOStatus status = disk_->CheckUp();
    std::unique_ptr<FSWritableFile> file;
    if (status.ok()) status = target()->NewWritableFile(path, options, &file, debug);
    if (!status.ok()) return status;
    auto tail = std::make_shared<Tail>();
    const std::lock_guard lock(disk_->mutex);
    disk_->tails[path] = tail;
    *result = std::make_unique<BufferedFile>(std::move(file), disk_, std::move(tail));
    return IOStatus::OK();
  }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions& options,
                             std::unique_ptr<FSSequentialFile>* result,
                             IODebugContext* debug) override {
    return Open(path, options, result, debug,
                [&] { return target()->NewSequentialFile(path, options, result, debug); });
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions& options,
                               std::unique_ptr<FSRandomAccessFile>* result,
                               IODebugContext* debug) override {
    return Open(path, options, result, debug,
                [&] { return target()->NewRandomAccessFile(path, options, result, debug); });
  }

  IOStatus GetFileSize(const std::string& path, const IOOptions& options, std::uint64_t* size,
                       IODebugContext* debug) override {
    const std::shared_ptr<Tail> tail = disk_->Find(path);
    if (tail == nullptr) return target()->GetFileSize(path, options, size, debug);
    const std::lock_guard lock(disk_->mutex);
    *size = tail->size;
    return IOStatus::OK();
  }

  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    IOStatus status = disk_->CheckUp();
    if (status.ok()) status = target()->DeleteFile(path, options, debug);
    const std::lock_guard lock(disk_->mutex);
    if (status.ok()) disk_->tails.erase(path);
    return status;
  }

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    IOStatus status = disk_->CheckUp();
    if (status.ok()) status = target()->RenameFile(from, to, options, debug);
    if (!status.ok()) return status;
    const std::lock_guard lock(disk_->mutex);
    disk_->tails.erase(to);
    if (auto moved = disk_->tails.extract(from); !moved.empty()) {
      moved.key() = to;
      disk_->tails.insert(std::move(moved));
    }
    return status;
  }

  // The ways to write into a file that is already there; RocksDB as we set it up uses none.
  IOStatus ReopenWritableFile(const std::string&, const FileOptions&,
                              std::unique_ptr<FSWritableFile>*, IODebugContext*) override {
    return IOStatus::NotSupported("reopening a file to write");
  }
  IOStatus ReuseWritableFile(const std::string&, const std::string&, const FileOptions&,
                             std::unique_ptr<FSWritableFile>*, IODebugContext*) override {
    return IOStatus::NotSupported("writing over a file");
  }
  IOStatus NewRandomRWFile(const std::string&, const FileOptions&,
                           std::unique_ptr<rocksdb::FSRandomRWFile>*, IODebugContext*) override {
    return IOStatus::NotSupported("writing within a file");
  }

 private:
  // The real file if all of it is there, else a snapshot.
  template <class File, class OpenReal>
  IOStatus Open(const std::string& path, const FileOptions& options, std::unique_ptr<File>* result,
                IODebugContext* debug, const OpenReal& open_real) {
    const std::shared_ptr<Tail> tail = disk_->Find(path);
    if (tail == nullptr) return open_real();
    const std::lock_guard syncing(tail->syncing);
    Bytes unsynced;
    {
      const std::lock_guard lock(disk_->mutex);
      unsynced = tail->unsynced;
    }
    if (unsynced.empty()) return open_real();
    Bytes contents;
    const IOStatus status = ReadSynced(path, options, contents, debug);
    if (status.ok()) *result = std::make_unique<Snapshot>(contents + unsynced);
    return status;
  }

  IOStatus ReadSynced(const std::string& path, const FileOptions& options, Bytes& contents,
                      IODebugContext* debug) {
    std::unique_ptr<FSSequentialFile> file;
    std::uint64_t size = 0;
    IOStatus status = target()->GetFileSize(path, options.io_options, &size, debug);
    if (status.ok()) status = target()->NewSequentialFile(path, options, &file, debug);
    if (!status.ok() || size == 0) return status;
    Bytes scratch(size, '\0');
    Slice read;
    status = file->Read(size, options.io_options, &read, scratch.data(), debug);
    contents.assign(read.data(), read.size());
    return status;
  }

  std::shared_ptr<UnsyncedDisk> disk_;
};

// What the kernel wrote by itself: `kept` bytes, appended to the real file.
void AppendToFile(const std::string& path, ByteView bytes) {
  std::unique_ptr<FSWritableFile> file;
  const auto& disk = rocksdb::FileSystem::Default();
  if (!disk->ReopenWritableFile(path, FileOptions(), &file, nullptr).ok()) return;
  if (!file->Append(Slice(bytes.data(), bytes.size()), IOOptions(), nullptr).ok()) return;
  file->Close(IOOptions(), nullptr).PermitUncheckedError();
}

}  // namespace

UnsyncedEnv::UnsyncedEnv()
    : disk_(std::make_shared<UnsyncedDisk>()),
      env_(rocksdb::NewCompositeEnv(std::make_shared<UnsyncedFileSystem>(disk_))) {}

UnsyncedEnv::~UnsyncedEnv() = default;

void UnsyncedEnv::Crash() {
  const std::lock_guard lock(disk_->mutex);
  disk_->down = true;
  disk_->tails.clear();
}

void UnsyncedEnv::Crash(Random& torn_tail) {
  const std::lock_guard lock(disk_->mutex);
  disk_->down = true;
  std::size_t unsynced = 0;
  for (const auto& [path, tail] : disk_->tails) {
    if (IsWriteAheadLog(path)) unsynced += tail->unsynced.size();
  }
  // Their names are their order.
  std::size_t kept = torn_tail.Below(unsynced + 1);
  for (const auto& [path, tail] : disk_->tails) {
    if (!IsWriteAheadLog(path)) continue;
    const ByteView prefix = ByteView(tail->unsynced).substr(0, kept);
    kept -= prefix.size();
    if (!prefix.empty()) AppendToFile(path, prefix);
  }
  disk_->tails.clear();
}

void UnsyncedEnv::Restart() {
  const std::lock_guard lock(disk_->mutex);
  disk_->down = disk_->full = disk_->fail_syncs = false;
}

void UnsyncedEnv::FailSyncs(bool fail) {
  const std::lock_guard lock(disk_->mutex);
  disk_->fail_syncs = fail;
}

void UnsyncedEnv::SetFull(bool full, bool by_quota) {
  const std::lock_guard lock(disk_->mutex);
  disk_->full = full;
  disk_->by_quota = by_quota;
}

}  // namespace meridian::io
