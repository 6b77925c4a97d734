#include "local/partition_sizes.h"

#include <algorithm>
#include <cmath>

#include "base/fail_stop.h"
#include "local/partition_range.h"

namespace meridian::local {
namespace {

// What was looked at.
struct Sample {
  std::size_t rows = 0;
  std::size_t bytes = 0;
};

PartitionSize Estimate(const Storage& disk, PartitionKey key, unsigned partition_bits,
                       const SizeSampling& sampling, Sample& sample) {
  const PartitionRange range = PartitionRange::Of(key, partition_bits);
  bool has_more = false;
  double reach = 0;
  OrStop(disk.Scan(Column::kData, range.begin, range.end, [&](const Entry& entry) {
    has_more = sample.rows >= sampling.rows ||
               (sample.bytes >= sampling.bytes && sample.rows >= sampling.rows_least);
    if (has_more) return false;
    ++sample.rows;
    sample.bytes += entry.key.size() + entry.value.size();
    reach = PartitionRange::ShareBefore(entry.key, partition_bits);
    return true;
  }));
  if (!has_more || reach <= 0) return {key, sample.rows, sample.bytes};
  // The last row is where the sample ends, not within it: counting it would tell too many.
  const double rows = static_cast<double>(sample.rows - 1) / reach;
  const double each = static_cast<double>(sample.bytes) / static_cast<double>(sample.rows);
  return {key, static_cast<std::uint64_t>(std::llround(rows)),
          static_cast<std::uint64_t>(std::llround(rows * each))};
}

}  // namespace

PartitionSize EstimateSize(const Storage& disk, PartitionKey key, unsigned partition_bits,
                           const SizeSampling& sampling) {
  Sample sample;
  return Estimate(disk, key, partition_bits, sampling, sample);
}

SizesPage EstimateSizes(const Storage& disk, const std::vector<PartitionKey>& keys,
                        PartitionKey from, unsigned partition_bits, const SizeSampling& sampling) {
  SizesPage page;
  std::size_t rows = 0;
  std::size_t bytes = 0;
  for (auto key = std::ranges::lower_bound(keys, from); key != keys.end(); ++key) {
    if (rows >= sampling.page_rows || bytes >= sampling.page_bytes ||
        page.sizes.size() >= sampling.page_partitions) {
      page.next = *key;
      return page;
    }
    Sample sample;
    page.sizes.push_back(Estimate(disk, *key, partition_bits, sampling, sample));
    rows += sample.rows;
    bytes += sample.bytes;
  }
  return page;
}

}  // namespace meridian::local
