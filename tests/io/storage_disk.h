// A disk under test that can crash and come back: the simulator's, or RocksDB over UnsyncedEnv.
//
// A crash ends one process and begins the next, so batch ids begin anew.

#pragma once

#include <utility>
#include <vector>

#include "base/check.h"
#include "base/ports.h"
#include "base/random.h"

namespace meridian::test {

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Storage& storage() = 0;
  virtual Result<Done> Apply(const WriteBatch& batch) = 0;
  virtual Result<Done> Sync() = 0;
  virtual void SetFull(bool full) = 0;
  // The process ends and starts again; `torn_tail` draws what survives of the unsynced.
  virtual void Crash() = 0;
  virtual void Crash(Random& torn_tail) = 0;
};

// Everything a column holds between the bounds.
inline std::vector<std::pair<Bytes, Bytes>> Rows(const Storage& storage, Column column,
                                                 ByteView from = {}, ByteView to = {}) {
  std::vector<std::pair<Bytes, Bytes>> rows;
  const Result<Done> scanned = storage.Scan(column, from, to, [&](const Entry& entry) {
    rows.emplace_back(entry.key, entry.value);
    return true;
  });
  MERIDIAN_CHECK(scanned.has_value());
  return rows;
}

}  // namespace meridian::test
