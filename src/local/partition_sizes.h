// How much the partitions of a node hold, estimated from a few rows of each: what a move of them
// would carry.
//
//     partition 17:  its first 64 rows reach 12 % into its tokens ──> about 525 rows
//                    they have 16 KB                              ──> about 131 KB
//
// Tokens are hashes, so rows lie evenly. A partition of fewer rows is counted. Replicas sample the
// same rows, so they tell the same. Nothing is kept up for it and nothing is read before somebody
// asks; one page looks at a bounded number of rows, as everything in one turn.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ports.h"
#include "local/ring.h"

namespace meridian::local {

struct PartitionSize {
  PartitionKey key;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // of keys and rows as stored, before compression
};

struct SizesPage {
  std::vector<PartitionSize> sizes;
  std::optional<PartitionKey> next;  // where the next page begins
};

struct SizeSampling {
  std::size_t rows = 64;  // of a partition
  std::size_t bytes = 128 * 1024;
  std::size_t rows_least = 4;  // however large they are
  // A page ends with the partition that reaches one of these.
  std::size_t page_rows = 512;
  std::size_t page_bytes = 512 * 1024;
  std::size_t page_partitions = 32;
};

PartitionSize EstimateSize(const Storage& disk, PartitionKey key, unsigned partition_bits,
                           const SizeSampling& sampling = {});

// `keys` ascending; from the first that is not below `from` on.
SizesPage EstimateSizes(const Storage& disk, const std::vector<PartitionKey>& keys,
                        PartitionKey from, unsigned partition_bits,
                        const SizeSampling& sampling = {});

}  // namespace meridian::local
