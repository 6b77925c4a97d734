#include "io/rocksdb_storage.h"

#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <filesystem>

#include "io/log_file_watch.h"
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

// A file is not touched again once it failed; why it did was told then.
bool LacksRoom(const rocksdb::Status& status) {
  return status.IsNoSpace() || (status.IsIOError() && (Mentions(status, "has previous error") ||
                                                       Mentions(status, "Seen error.")));
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
//
// RocksDB 7.8.3 loses the turn of a flush that is scheduled if an error stops its background work
// before the flush begins; who waits for that flush then waits for ever. So an error by which there
// is no room stops nothing: it is soft, and what is ordered runs, or fails by itself. Only Recover
// has background work stopped, as Resume does nothing otherwise: when nothing is ordered, and from
// then on it orders one flush at a time.
class RocksdbStorage::Watch final : public rocksdb::EventListener {
 public:
  using Reason = rocksdb::BackgroundErrorReason;

  // In the thread that failed, and before others can see it: a log whose last record is torn must
  // not be synced.
  void OnBackgroundError(Reason reason, rocksdb::Status* error) override {
    if (reason != Reason::kCompaction) has_failed_ = true;
    if (!LacksRoom(*error)) return;
    // The others are of a compaction, which may fail beside the flush that was ordered.
    const bool stops =
        flushes_stop_ && (reason == Reason::kFlush || reason == Reason::kFlushNoWAL ||
                          reason == Reason::kManifestWriteNoWAL || reason == Reason::kMemTable);
    (stops ? is_stopped_ : is_soft_) = true;
    *error = rocksdb::Status(
        rocksdb::Status::NoSpace(error->ToString()),
        stops ? rocksdb::Status::Severity::kHardError : rocksdb::Status::Severity::kSoftError);
  }
  // A log's write fails; whether RocksDB has been told is another question (io/log_file_watch.h).
  void OnLogFailing() {
    has_failed_ = true;
    is_syncing_.wait(true);
  }
  // False: it must not.
  bool BeginSync() {
    is_syncing_ = true;
    if (has_failed_) EndSync();
    return is_syncing_;
  }
  void EndSync() {
    is_syncing_ = false;
    is_syncing_.notify_all();
  }

  bool has_failed() const { return has_failed_; }
  void SetFailed(bool failed) { has_failed_ = failed; }

  // From now on a flush that has no room stops background work.
  void LetFlushesStop(bool they_do) { flushes_stop_ = they_do; }
  bool is_stopped() const { return is_stopped_; }
  bool is_soft() const { return is_soft_; }
  void SetSoft() { is_soft_ = true; }
  void ForgetErrors() { is_stopped_ = is_soft_ = false; }

  // A recovery goes on with the log in which a record is torn, and then fails for good, when
  // nothing is in memory that it could write out. So something always is: a row of the column that
  // is not used otherwise, which no log has.
  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo& flush) override {
    if (flush.cf_name == rocksdb::kDefaultColumnFamilyName) is_bare_ = true;
  }
  rocksdb::Status Fill(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family, bool may_wait = true) {
    if (!is_bare_.load(std::memory_order_relaxed)) return rocksdb::Status::OK();
    is_bare_ = false;
    rocksdb::WriteOptions unlogged;
    unlogged.disableWAL = true;
    unlogged.no_slowdown = !may_wait;
    const rocksdb::Status filled = db.Put(unlogged, family, "filler", "");
    if (!filled.ok()) is_bare_ = true;
    return filled;
  }

 private:
  std::atomic<bool> has_failed_ = false;
  std::atomic<bool> is_syncing_ = false;
  std::atomic<bool> flushes_stop_ = false;
  std::atomic<bool> is_stopped_ = false;  // RocksDB has a hard error
  std::atomic<bool> is_soft_ = false;     // it surely has a soft one, once nothing runs
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
  storage->env_ =
      NewLogWatchingEnv(options.env, [watch = storage->watch_] { watch->OnLogFailing(); });
  database.env = storage->env_.get();
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
  // Incomplete: a write that would have to wait for a flush or a compaction, after one had no room.
  if (LacksRoom(status) || status.IsBusy() || status.IsIncomplete()) return false;
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
  if (watch_->has_failed()) return false;
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
  if (!watch_->BeginSync()) return false;
  const rocksdb::Status synced = db_->SyncWAL();
  watch_->EndSync();
  return RoomFor("syncing", synced);
}

void RocksdbStorage::Rest() {
  db_->PauseBackgroundWork();  // returns when nothing runs; as nobody writes, nothing is ordered
  db_->ContinueBackgroundWork();
}

// After the first Resume RocksDB refuses writes for a soft error too, and forgets it at once when
// it is to resume; before, it does neither.
rocksdb::Status RocksdbStorage::ForgetSoftError() {
  db_->PauseBackgroundWork();  // no compaction can fail meanwhile
  rocksdb::Status forgotten;
  if (watch_->is_soft()) {
    watch_->ForgetErrors();
    forgotten = db_->Resume();
  }
  db_->ContinueBackgroundWork();
  return forgotten;
}

rocksdb::Status RocksdbStorage::FlushOneByOne() {
  rocksdb::FlushOptions now;
  now.allow_write_stall = true;  // else it waits for flushes that wait for it
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    rocksdb::Status flushed = db_->Flush(now, family);
    const auto remaining = [&] {
      std::uint64_t memtables = 0;
      db_->GetIntProperty(family, rocksdb::DB::Properties::kNumImmutableMemTable, &memtables);
      return memtables;
    };
    if (flushed.ok() && remaining() > 0) {
      Rest();  // after the first recovery Flush does not wait
      if (remaining() > 0) flushed = rocksdb::Status::Busy();
    }
    // One of a compaction that failed just when ResumeStopped ended.
    if (LacksRoom(flushed) && !watch_->is_stopped()) watch_->SetSoft();
    if (!flushed.ok()) return flushed;
  }
  return db_->EnableFileDeletions(true);  // which a manifest that had no room ended
}

rocksdb::Status RocksdbStorage::ResumeStopped() {
  Rest();  // a compaction that failed beside it would end it before its flushes end
  watch_->SetFailed(false);
  rocksdb::Status resumed = db_->Resume();
  if (resumed.ok()) watch_->ForgetErrors();
  return resumed;
}

// A log that could not be written or synced cannot be trusted to be so by a second attempt: what it
// should hold is written out from memory. Flushes do so; but they cannot leave a log that is torn,
// and fail. That stops background work, and Resume does then what they could not.
//
// Nothing here waits for ever. PauseBackgroundWork waits for what runs or has its turn. Each flush
// that is waited for is the only one ordered, and keeps its turn since nothing else stops
// background work; and if it fails it stops background work, or Resume itself, which ends the wait.
Result<bool> RocksdbStorage::Recover() {
  CountNothing();
  watch_->SetFailed(false);
  rocksdb::Status status;
  if (!watch_->is_stopped()) {
    status = ForgetSoftError();
    // Not while writes are stalled, which the flushes end.
    const bool filled = watch_->Fill(*db_, families_.back(), false).ok();
    Rest();
    watch_->LetFlushesStop(true);
    if (status.ok()) status = FlushOneByOne();
    watch_->LetFlushesStop(false);
    if (status.ok() && !filled) status = rocksdb::Status::Busy();
  }
  if (watch_->is_stopped()) status = ResumeStopped();
  const Result<bool> room = RoomFor("recovering", status);
  if (!room) return room;
  if (!*room) watch_->SetFailed(true);
  return !watch_->has_failed();
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
