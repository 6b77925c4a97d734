// Does to the rows of a node that does not run what a rotten disk does: RocksDB finds nothing
// wrong.
//
//     AlterRows("data/us-east-2", 100, Harm::kValue)     100 rows, evenly spread over the ring

#pragma once

#include <vector>

#include "crdt/row.h"
#include "io/rocksdb_storage.h"

namespace meridian {

enum class Harm { kValue, kGarbage, kErase };

// How many were altered; fewer than `count` when there are not so many rows.
inline Result<std::size_t> AlterRows(const std::string& path, std::size_t count, Harm harm) {
  auto disk = io::RocksdbStorage::Open({.path = path});
  if (!disk) return Fail(disk.error().code, disk.error().message);
  std::vector<Bytes> keys;
  const auto scanned = (*disk)->Scan(Column::kData, {}, {}, [&](const Entry& entry) {
    keys.emplace_back(entry.key);
    return true;
  });
  if (!scanned) return Fail(scanned.error().code, scanned.error().message);
  WriteBatch batch{{1}, {}};
  const std::size_t stride =
      std::max<std::size_t>(1, keys.size() / std::max<std::size_t>(1, count));
  for (std::size_t i = stride / 2; i < keys.size() && batch.writes.size() < count; i += stride) {
    Write write{Column::kData, keys[i], std::nullopt};
    if (harm == Harm::kGarbage) write.value = "\xff\xff garbage";
    if (harm == Harm::kValue) {
      const auto stored = (*disk)->Get(Column::kData, keys[i]);
      auto row = stored && *stored ? crdt::DecodeRow(**stored) : crdt::Row{};
      if (!row || row->versions.empty() || !row->versions[0].value) continue;
      *row->versions[0].value += '!';
      write.value = crdt::EncodeRow(*row);
    }
    batch.writes.push_back(std::move(write));
  }
  const auto applied = (*disk)->Apply(batch);
  if (!applied) return Fail(applied.error().code, applied.error().message);
  const auto closed = (*disk)->Close();
  if (!closed) return Fail(closed.error().code, closed.error().message);
  return batch.writes.size();
}

}  // namespace meridian
