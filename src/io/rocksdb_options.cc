#include "io/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "io/log_memtable.h"
#include "io/token_memtable.h"

namespace meridian::io {
namespace {

constexpr std::size_t kMegabyte = 1UL << 20;
constexpr std::size_t kSmallBuffer = 4 * kMegabyte;

bool HasLz4() {
  const auto supported = rocksdb::GetSupportedCompressions();
  return std::ranges::find(supported, rocksdb::kLZ4Compression) != supported.end();
}

rocksdb::ColumnFamilyOptions FamilyOptions(const std::shared_ptr<rocksdb::Cache>& cache,
                                           std::size_t buffer_bytes, bool looked_up_by_key) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  // Filters and indexes count against the cache: a node's memory stays bounded as its data grows.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;

  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = buffer_bytes;
  family.max_write_buffer_number = 3;
  family.compression = HasLz4() ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  family.level_compaction_dynamic_level_bytes = true;
  if (looked_up_by_key) {
    // Every put first reads its row, and most rows of a growing store are new: a filter answers for
    // the memtable as well as for the files.
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    family.memtable_prefix_bloom_size_ratio = 0.02;
    family.memtable_whole_key_filtering = true;
  }
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

// On a full disk RocksDB would try again by itself every five seconds, and be busy meanwhile.
class NeverResume final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

}  // namespace

// Multiples of the golden ratio: of a few neighbours each is far from all others (Knuth, The Art of
// Computer Programming 3, section 6.4).
std::size_t StaggeredBufferBytes(std::uint32_t node) {
  const std::uint32_t share = node * 0x9e3779b1U;  // of 2^32
  constexpr std::size_t kSpread = 8 * kMegabyte;
  return RocksdbStorage::Options().data_buffer_bytes + ((kSpread * share) >> 32);
}

rocksdb::DBOptions DatabaseOptions(const RocksdbStorage::Options& options) {
  rocksdb::DBOptions database;
  database.create_if_missing = true;
  database.create_missing_column_families = true;

  // A torn last record was never promised to anyone; damage before it was, and is refused.
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // Stale records after recycling (fixed in 9.2), a recovery bug (8.0), false "missing WAL" with
  // SyncWAL (7.10), no automatic resume past a hole in the log.
  database.recycle_log_file_num = 0;
  database.wal_compression = rocksdb::kNoCompression;
  database.track_and_verify_wals_in_manifest = false;
  database.max_bgerror_resume_count = 0;
  database.listeners.push_back(std::make_shared<NeverResume>());
  // What no log has (RocksdbStorage::Watch) is not worth a flush at the end.
  database.avoid_flush_during_shutdown = true;

  // One thread writes, so nobody is waited for or grouped with.
  database.allow_concurrent_memtable_write = false;
  database.enable_write_thread_adaptive_yield = false;

  // Bounds what a start replays, and what a quiet column can pin.
  database.max_total_wal_size = 4 * options.data_buffer_bytes;
  database.max_background_jobs = 2;
  database.bytes_per_sync = kMegabyte;
  // Below the usual limit of 1024 open files, which sockets share.
  database.max_open_files = 512;

  // An idle node stays idle: no statistics, no timers, a log that only says what went wrong.
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  database.skip_stats_update_on_db_open = true;
  database.info_log_level = rocksdb::WARN_LEVEL;
  database.max_log_file_size = 4 * kMegabyte;
  database.keep_log_file_num = 2;
  return database;
}

std::vector<rocksdb::ColumnFamilyDescriptor> ColumnFamilies(
    const RocksdbStorage::Options& options) {
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(options.cache_bytes);
  const auto family = [&](const char* name, std::size_t buffer_bytes, bool looked_up_by_key) {
    return rocksdb::ColumnFamilyDescriptor(name,
                                           FamilyOptions(cache, buffer_bytes, looked_up_by_key));
  };
  rocksdb::ColumnFamilyDescriptor data = family("data", options.data_buffer_bytes, true);
  data.options.memtable_factory = NewTokenMemtables(options.data_buffer_bytes);
  rocksdb::ColumnFamilyDescriptor log = family("log", options.data_buffer_bytes / 2, false);
  log.options.memtable_factory = NewLogMemtables();
  static_assert(kColumnCount == 6);
  return {data,
          log,
          family("hint", kSmallBuffer, true),
          family("meta", kSmallBuffer, false),
          family("tree", kSmallBuffer, false),
          family("dead", kSmallBuffer, false),
          family(rocksdb::kDefaultColumnFamilyName.c_str(), kSmallBuffer, false)};
}

}  // namespace meridian::io
