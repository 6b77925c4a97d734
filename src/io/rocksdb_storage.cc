#include "io/rocksdb_storage.h"

#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <filesystem>

#include "io/rocksdb_options.h"

namespace meridian::io {
namespace {

rocksdb::Slice SliceOf(ByteView bytes) {
  return {bytes.data(), bytes.size()};
}

ErrorCode CodeOf(const rocksdb::Status& status) {
  return status.IsCorruption() ? ErrorCode::kCorrupt : ErrorCode::kIo;
}

bool Mentions(const rocksdb::Status& status, std::string_view words) {
  return status.ToString().find(words) != std::string::npos;
}

Failure OpenFailed(const std::string& path, const rocksdb::Status& status) {
  const std::string cause = " (" + status.ToString() + ")";
  if (status.IsIOError() &&
      (Mentions(status, "lock hold") || Mentions(status, "While lock file"))) {
    return Fail(ErrorCode::kIo, "data directory " + path +
                                    " is in use by another process; stop that one, or give this "
                                    "one a directory of its own" +
                                    cause);
  }
  if (status.IsCorruption()) {
    return Fail(ErrorCode::kCorrupt,
                "data directory " + path +
                    " is damaged; move it away and start the node again: on an empty "
                    "directory its peers fill it (docs/operations.md)" +
                    cause);
  }
  if (status.IsInvalidArgument() && Mentions(status, "Column families not opened")) {
    return Fail(ErrorCode::kUnsupportedVersion,
                "data directory " + path + " was written by a newer release" + cause);
  }
  return Fail(ErrorCode::kIo, "cannot open data directory " + path + cause);
}

rocksdb::ReadOptions ReadQuietly() {
  rocksdb::ReadOptions options;
  // What a dropped iterator held is freed by RocksDB's own threads.
  options.background_purge_on_iterator_cleanup = true;
  return options;
}

// RocksDB counts every comparison of keys for its thread unless told not to: a fifth of a put.
// The setting is the thread's own, so it is made by each call that leads there.
void CountNothing() {
  rocksdb::SetPerfLevel(rocksdb::kDisable);
}

// One for all reads: making it costs as much as a memtable lookup.
const rocksdb::ReadOptions kRead = ReadQuietly();
const rocksdb::WriteOptions kWrite;

}  // namespace

// What RocksDB does not take care of when a disk is full.
class RocksdbStorage::Watch final : public rocksdb::EventListener {
 public:
  // In the thread that failed, and before others can see it: a log whose last record is torn must
  // not be synced.
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status*) override {
    if (reason != rocksdb::BackgroundErrorReason::kCompaction) has_failed_ = true;
  }
  bool has_failed() const { return has_failed_; }
  bool Forget() { return has_failed_.exchange(false); }

  // A recovery goes on with the log in which a record is torn, and then fails for good, when
  // nothing is in memory that it could write out. So something always is: a row of the column that
  // is not used otherwise, which no log has.
  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo& flush) override {
    if (flush.cf_name == rocksdb::kDefaultColumnFamilyName) is_bare_ = true;
  }
  rocksdb::Status Fill(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family) {
    if (!is_bare_.load(std::memory_order_relaxed)) return rocksdb::Status::OK();
    is_bare_ = false;
    rocksdb::WriteOptions unlogged;
    unlogged.disableWAL = true;
    const rocksdb::Status filled = db.Put(unlogged, family, "filler", "");
    if (!filled.ok()) is_bare_ = true;
    return filled;
  }

 private:
  std::atomic<bool> has_failed_ = false;
  std::atomic<bool> is_bare_ = true;
};

RocksdbStorage::RocksdbStorage(std::string path)
    : path_(std::move(path)),
      scratch_(std::make_unique<rocksdb::WriteBatch>()),
      watch_(std::make_shared<Watch>()) {}

RocksdbStorage::~RocksdbStorage() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
}

Result<std::unique_ptr<RocksdbStorage>> RocksdbStorage::Open(const Options& options) {
  std::error_code made;
  std::filesystem::create_directories(options.path, made);
  if (made) {
    return Fail(ErrorCode::kIo,
                "cannot make data directory " + options.path + ": " + made.message());
  }
  std::unique_ptr<RocksdbStorage> storage(new RocksdbStorage(options.path));
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions database = DatabaseOptions(options);
  database.listeners.insert(database.listeners.begin(), storage->watch_);
  const rocksdb::Status status =
      rocksdb::DB::Open(database, options.path, ColumnFamilies(options), &storage->families_, &db);
  if (!status.ok()) return OpenFailed(options.path, status);
  storage->db_.reset(db);
  return storage;
}

rocksdb::ColumnFamilyHandle* RocksdbStorage::Family(Column column) const {
  return families_[static_cast<std::size_t>(column)];
}

Failure RocksdbStorage::Failed(const char* attempt, const rocksdb::Status& status) const {
  return Fail(CodeOf(status),
              std::string(attempt) + " data directory " + path_ + ": " + status.ToString());
}

Result<bool> RocksdbStorage::RoomFor(const char* attempt, const rocksdb::Status& status) const {
  if (status.ok()) return true;
  if (status.IsNoSpace() || status.IsBusy()) return false;
  return Failed(attempt, status);
}

namespace {

Result<Done> DoneOr(const Result<bool>& room, const std::string& path) {
  if (!room) return room.failure();
  if (!*room) return Fail(ErrorCode::kIo, "no space left for data directory " + path);
  return Done{};
}

}  // namespace

Result<Done> RocksdbStorage::Apply(const WriteBatch& batch) {
  return DoneOr(TryApply(batch), path_);
}

Result<Done> RocksdbStorage::Sync() {
  return DoneOr(TrySync(), path_);
}

Result<bool> RocksdbStorage::TryApply(const WriteBatch& batch) {
  if (batch.writes.empty()) return true;
  CountNothing();
  const rocksdb::Status filled = watch_->Fill(*db_, families_.back());
  if (!filled.ok()) return RoomFor("writing to", filled);
  scratch_->Clear();
  for (const Write& write : batch.writes) {
    const rocksdb::Status staged =
        write.value ? scratch_->Put(Family(write.column), SliceOf(write.key), SliceOf(*write.value))
                    : scratch_->Delete(Family(write.column), SliceOf(write.key));
    if (!staged.ok()) return Failed("writing to", staged);
  }
  return RoomFor("writing to", db_->Write(kWrite, scratch_.get()));
}

Result<bool> RocksdbStorage::TrySync() {
  if (watch_->has_failed()) return false;
  const rocksdb::Status synced = db_->SyncWAL();
  // A write has just failed; it says why.
  if (synced.IsIOError() && Mentions(synced, "previous error")) return false;
  return RoomFor("syncing", synced);
}

// A log that could not be written or synced cannot be trusted to be so by a second attempt: what it
// should hold is written out from memory. Resume does so if it knows of a failure; and then a write
// that fails meanwhile would make a second time a failure for good.
Result<bool> RocksdbStorage::Recover() {
  const bool had_failed = watch_->Forget();
  rocksdb::Status status = db_->Resume();
  rocksdb::FlushOptions now;
  now.allow_write_stall = true;  // else it waits for flushes that wait for it
  if (status.ok() && !had_failed) status = db_->Flush(now, families_);
  return RoomFor("recovering", status);
}

Result<Done> RocksdbStorage::Close() {
  const Result<Done> synced = Sync();
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
  families_.clear();
  const rocksdb::Status status = db_->Close();
  db_.reset();
  if (!synced) return synced;
  if (!status.ok()) return Failed("closing", status);
  return Done{};
}

Result<std::optional<Bytes>> RocksdbStorage::Get(Column column, ByteView key) const {
  CountNothing();
  Bytes value;
  const rocksdb::Status status = db_->Get(kRead, Family(column), SliceOf(key), &value);
  if (status.IsNotFound()) return std::optional<Bytes>();
  if (!status.ok()) return Failed("reading from", status);
  return std::optional<Bytes>(std::move(value));
}

Result<std::vector<std::optional<Bytes>>> RocksdbStorage::MultiGet(
    Column column, const std::vector<Bytes>& keys) const {
  CountNothing();
  std::vector<rocksdb::Slice> slices;
  slices.reserve(keys.size());
  for (const Bytes& key : keys) slices.push_back(SliceOf(key));
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db_->MultiGet(kRead, Family(column), keys.size(), slices.data(), values.data(), statuses.data());

  std::vector<std::optional<Bytes>> found(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    if (!statuses[i].ok()) return Failed("reading from", statuses[i]);
    found[i].emplace(values[i].data(), values[i].size());
  }
  return found;
}

Result<Done> RocksdbStorage::Scan(Column column, ByteView from, ByteView to,
                                  const std::function<bool(const Entry&)>& visit) const {
  CountNothing();
  rocksdb::ReadOptions options = kRead;
  const rocksdb::Slice bound = SliceOf(to);
  // Lets RocksDB stop at the bound instead of stepping over what was deleted beyond it.
  if (!to.empty()) options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(options, Family(column)));
  for (rows->Seek(SliceOf(from)); rows->Valid(); rows->Next()) {
    const rocksdb::Slice key = rows->key();
    const rocksdb::Slice value = rows->value();
    if (!visit({{key.data(), key.size()}, {value.data(), value.size()}})) break;
  }
  if (!rows->status().ok()) return Failed("reading from", rows->status());
  return Done{};
}

}  // namespace meridian::io
