// What a node's disk costs a put: Get of the row, one data row and one log row, a share of a sync.
//
//     ninja storage_bench && bin/storage_bench --benchmark_min_time=0.2
//
// CPU is that of the calling thread. Batches of 1, 16 and 64 puts; keys are spread over the ring.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>

#include "base/big_endian.h"
#include "base/check.h"
#include "base/random.h"
#include "io/hmac_signer.h"
#include "io/rocksdb_storage.h"

namespace meridian::io {
namespace {

constexpr std::uint64_t kRows = 100'000;
constexpr std::uint64_t kPartitions = 256;

class Disk {
 public:
  Disk() : path_("/tmp/meridian-storage-bench-" + std::to_string(::getpid())) {
    std::filesystem::remove_all(path_);
    storage_ = std::move(*RocksdbStorage::Open({.path = path_}));
  }
  ~Disk() {
    storage_.reset();
    std::filesystem::remove_all(path_);
  }

  // The writes of `puts` puts: a data row each and its entry of the log.
  WriteBatch Puts(std::uint64_t puts) {
    WriteBatch batch{{++batch_}, {}};
    for (std::uint64_t i = 0; i < puts; ++i, ++written_) {
      batch.writes.push_back({Column::kData, DataKey(written_ % kRows), RowBytes()});
      batch.writes.push_back({Column::kLog, LogKey(written_), Bytes(30, 'l')});
    }
    return batch;
  }

  void Fill() {
    while (written_ < kRows) MERIDIAN_CHECK(storage_->Apply(Puts(64)).has_value());
  }

  static Bytes DataKey(std::uint64_t row) {
    Bytes key("\0\1", 2);
    AppendBigEndian(key, row * 0x9e3779b97f4a7c15);
    return key + Bytes("\0\1", 2) + "user:" + std::to_string(1'000'000 + row);
  }

  RocksdbStorage& storage() { return *storage_; }

 private:
  static Bytes LogKey(std::uint64_t dot) {
    Bytes key("\0\1\0", 3);
    key.push_back(static_cast<char>(dot % kPartitions));
    AppendBigEndian(key, std::uint64_t{7});
    AppendBigEndian(key, dot / kPartitions);
    return key;
  }
  Bytes RowBytes() {
    Bytes row(150, '\0');
    for (char& byte : row) byte = static_cast<char>(random_.Next());
    return row;
  }

  std::string path_;
  std::unique_ptr<RocksdbStorage> storage_;
  Random random_{1};
  std::uint64_t batch_ = 0;
  std::uint64_t written_ = 0;
};

// Time is that of one put: its two rows.
void BM_Apply(benchmark::State& state) {
  Disk disk;
  const auto puts = static_cast<std::uint64_t>(state.range(0));
  std::vector<WriteBatch> batches;
  for (std::uint64_t i = 0; i < kRows / puts; ++i) batches.push_back(disk.Puts(puts));
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(disk.storage().Apply(batches[next++ % batches.size()]));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["per_put"] =
      benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_Apply)->Arg(1)->Arg(16)->Arg(64);

void BM_Get(benchmark::State& state, std::uint64_t first_row) {
  Disk disk;
  disk.Fill();
  std::vector<Bytes> keys;
  for (std::uint64_t row = 0; row < kRows; ++row) keys.push_back(Disk::DataKey(first_row + row));
  Random(2).Shuffle(keys);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(disk.storage().Get(Column::kData, keys[next++ % keys.size()]));
  }
}
BENCHMARK_CAPTURE(BM_Get, hit, 0);
BENCHMARK_CAPTURE(BM_Get, miss, kRows);

void BM_MultiGet64(benchmark::State& state) {
  Disk disk;
  disk.Fill();
  std::vector<Bytes> keys;
  for (std::uint64_t row = 0; row < 64; ++row) keys.push_back(Disk::DataKey(row * 997 % kRows));
  for (auto _ : state) benchmark::DoNotOptimize(disk.storage().MultiGet(Column::kData, keys));
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(BM_MultiGet64);

// One turn of shipping: seek in the log, read 16 entries.
void BM_ScanLog16(benchmark::State& state) {
  Disk disk;
  disk.Fill();
  for (auto _ : state) {
    int left = 16;
    const auto visit = [&left](const Entry&) { return --left > 0; };
    benchmark::DoNotOptimize(disk.storage().Scan(Column::kLog, Bytes("\0\1\0\x55", 4), {}, visit));
  }
}
BENCHMARK(BM_ScanLog16);

void BM_ApplyAndSync(benchmark::State& state) {
  Disk disk;
  for (auto _ : state) {
    state.PauseTiming();
    const WriteBatch batch = disk.Puts(static_cast<std::uint64_t>(state.range(0)));
    state.ResumeTiming();
    benchmark::DoNotOptimize(disk.storage().Apply(batch));
    benchmark::DoNotOptimize(disk.storage().Sync());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ApplyAndSync)->Arg(1)->Arg(16)->Arg(64)->Iterations(2000);

void BM_SignToken(benchmark::State& state) {
  const HmacSigner signer("a secret of thirty-two bytes ...");
  const Bytes token(60, 't');
  for (auto _ : state) benchmark::DoNotOptimize(signer.Sign(token));
}
BENCHMARK(BM_SignToken);

}  // namespace
}  // namespace meridian::io
