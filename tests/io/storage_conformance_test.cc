// RocksDB keeps the promises of a Storage; tests/unit/sim asks the same of the simulator's disk.

#include "io/storage_conformance.h"

#include "io/rocksdb_disk.h"

namespace meridian::test {
namespace {

std::unique_ptr<Disk> NewRocksdbDisk() {
  return std::make_unique<RocksdbDisk>();
}

INSTANTIATE_TEST_SUITE_P(Rocksdb, StorageConformanceTest, testing::Values(&NewRocksdbDisk));

}  // namespace
}  // namespace meridian::test
