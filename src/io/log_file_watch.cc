#include "io/log_file_watch.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace meridian::io {

using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

using Failing = std::shared_ptr<const std::function<void()>>;

// A quota that is used up is a full disk like any other; RocksDB knows one word for that only.
IOStatus Plain(IOStatus status) {
  static const std::string kQuota = std::generic_category().message(EDQUOT);
  if (!status.IsIOError() || status.ToString().find(kQuota) == std::string::npos) return status;
  return IOStatus::NoSpace(status.ToString());
}

class QuotaFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return Plain(target()->Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    return Plain(target()->Append(data, options, verification, debug));
  }
  IOStatus Allocate(std::uint64_t offset, std::uint64_t length, const IOOptions& options,
                    IODebugContext* debug) override {
    return Plain(target()->Allocate(offset, length, options, debug));
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return Plain(target()->Flush(options, debug));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Plain(target()->Sync(options, debug));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return Plain(target()->Close(options, debug));
  }
};

class WatchedLog final : public QuotaFile {
 public:
  WatchedLog(std::unique_ptr<FSWritableFile> file, Failing failing)
      : QuotaFile(std::move(file)), failing_(std::move(failing)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return Told(QuotaFile::Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    return Told(QuotaFile::Append(data, options, verification, debug));
  }

 private:
  IOStatus Told(IOStatus status) const {
    if (!status.ok()) (*failing_)();
    return status;
  }

  Failing failing_;
};

class LogWatchingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  LogWatchingFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base, Failing failing)
      : FileSystemWrapper(base), failing_(std::move(failing)) {}

  const char* Name() const override { return "LogWatchingFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result,
                           IODebugContext* debug) override {
    IOStatus status = Plain(target()->NewWritableFile(path, options, result, debug));
    if (!status.ok()) return status;
    if (path.ends_with(".log")) {
      *result = std::make_unique<WatchedLog>(std::move(*result), failing_);
    } else {
      *result = std::make_unique<QuotaFile>(std::move(*result));
    }
    return status;
  }

 private:
  Failing failing_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> NewLogWatchingEnv(rocksdb::Env* base, std::function<void()> failing) {
  if (base == nullptr) base = rocksdb::Env::Default();
  return rocksdb::NewCompositeEnv(std::make_shared<LogWatchingFileSystem>(
      base->GetFileSystem(), std::make_shared<const std::function<void()>>(std::move(failing))));
}

}  // namespace meridian::io
