// A disk for unit tests: sorted maps, nothing more. Copy it before a turn and the copy is the disk
// as it is after a crash that loses that turn.

#pragma once

#include <array>
#include <map>

#include "base/ports.h"

namespace meridian {

class MemoryDisk final : public Storage {
 public:
  void Apply(const WriteBatch& batch) {
    for (const Write& write : batch.writes) {
      if (write.value) {
        Of(write.column)[write.key] = *write.value;
      } else {
        Of(write.column).erase(write.key);
      }
    }
  }
  void Erase(Column column, const Bytes& key) { Of(column).erase(key); }
  std::size_t Count(Column column) const { return Of(column).size(); }

  Result<std::optional<Bytes>> Get(Column column, ByteView key) const override {
    const auto found = Of(column).find(key);
    if (found == Of(column).end()) return std::optional<Bytes>();
    return std::optional<Bytes>(found->second);
  }
  Result<std::vector<std::optional<Bytes>>> MultiGet(
      Column column, const std::vector<Bytes>& keys) const override {
    std::vector<std::optional<Bytes>> values;
    for (const Bytes& key : keys) values.push_back(*Get(column, key));
    return values;
  }
  Result<Done> Scan(Column column, ByteView from, ByteView to,
                    const std::function<bool(const Entry&)>& visit) const override {
    const auto& rows = Of(column);
    for (auto row = rows.lower_bound(from); row != rows.end(); ++row) {
      if ((!to.empty() && row->first >= to) || !visit({row->first, row->second})) break;
    }
    return Done{};
  }

 private:
  using Rows = std::map<Bytes, Bytes, std::less<>>;
  const Rows& Of(Column column) const { return columns_[static_cast<std::size_t>(column)]; }
  Rows& Of(Column column) { return columns_[static_cast<std::size_t>(column)]; }

  std::array<Rows, kColumnCount> columns_;
};

}  // namespace meridian
