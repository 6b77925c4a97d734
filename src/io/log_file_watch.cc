#include "io/log_file_watch.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <string>
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

class WatchedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WatchedLog(std::unique_ptr<FSWritableFile> file, Failing failing)
      : FSWritableFileOwnerWrapper(std::move(file)), failing_(std::move(failing)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return Told(target()->Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    return Told(target()->Append(data, options, verification, debug));
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
    IOStatus status = target()->NewWritableFile(path, options, result, debug);
    if (status.ok() && path.ends_with(".log")) {
      *result = std::make_unique<WatchedLog>(std::move(*result), failing_);
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
