// RocksDB alone, as it comes: rows of 100 bytes in synced batches of 64, the yardstick of what a
// machine's disk and kernel take for a durable row.
//
//     ninja rocksdb_bench && bin/rocksdb_bench --benchmark_min_time=2
//
// CPU is that of the whole process, flushes and compactions included, for a row.

#include <benchmark/benchmark.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/random.h"

namespace meridian::io {
namespace {

constexpr int kBatch = 64;
constexpr std::uint64_t kKeys = 1'000'000;

void BM_SyncedRows(benchmark::State& state) {
  const std::string path = "/tmp/meridian-rocksdb-bench-" + std::to_string(::getpid());
  std::filesystem::remove_all(path);
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  MERIDIAN_CHECK(rocksdb::DB::Open(options, path, &opened).ok());
  std::unique_ptr<rocksdb::DB> database(opened);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  Random random(1);
  const std::string value(100, 'x');
  while (state.KeepRunningBatch(kBatch)) {
    rocksdb::WriteBatch batch;
    for (int i = 0; i < kBatch; ++i) {
      batch.Put("bench/" + std::to_string(random.Below(kKeys)), value);
    }
    MERIDIAN_CHECK(database->Write(synced, &batch).ok());
  }
  database.reset();
  std::filesystem::remove_all(path);
}
BENCHMARK(BM_SyncedRows)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace meridian::io
