#include "base/turn.h"

#include "base/check.h"

namespace meridian {

void Turn::SendIn(std::uint64_t view, ProcessId to, Bytes body, BatchId after) {
  output_.messages.push_back({{self_, to, std::move(body), view}, Unless(after)});
}

void Turn::Reply(RequestTag tag, Bytes body, BatchId after) {
  output_.replies.push_back({tag, std::move(body), Unless(after)});
}

BatchId Turn::Barrier() const {
  return Unless(output_.writes.writes.empty() ? last_taken_ : Open());
}

Output Turn::Take() {
  if (!output_.writes.writes.empty()) output_.writes.id = last_taken_ = Open();
  staged_rows_.clear();
  staged_hints_.clear();
  return std::exchange(output_, {});
}

void Turn::Stage(Column column, Bytes key, std::optional<Bytes> value) {
  std::vector<Write>& writes = output_.writes.writes;
  if (IsReadBack(column)) {
    Staging& staged = column == Column::kData ? staged_rows_ : staged_hints_;
    const auto [at, is_new] = staged.try_emplace(key, writes.size());
    if (!is_new) {
      writes[at->second].value = std::move(value);
      return;
    }
  }
  writes.push_back({column, std::move(key), std::move(value)});
}

const Write* Turn::Staged(Column column, ByteView key) const {
  if (!IsReadBack(column)) return nullptr;
  const Staging& staged = column == Column::kData ? staged_rows_ : staged_hints_;
  if (staged.empty()) return nullptr;
  const auto at = staged.find(key);
  return at == staged.end() ? nullptr : &output_.writes.writes[at->second];
}

Result<std::optional<Bytes>> Turn::Get(Column column, ByteView key) const {
  if (const Write* write = Staged(column, key)) return write->value;
  return disk_.Get(column, key);
}

Result<std::vector<std::optional<Bytes>>> Turn::MultiGet(Column column,
                                                         const std::vector<Bytes>& keys) const {
  Result<std::vector<std::optional<Bytes>>> values = disk_.MultiGet(column, keys);
  if (!values) return values;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (const Write* write = Staged(column, keys[i])) (*values)[i] = write->value;
  }
  return values;
}

Result<Done> Turn::Scan(Column column, ByteView from, ByteView to,
                        const std::function<bool(const Entry&)>& visit) const {
  if (column != Column::kData || staged_rows_.empty()) return disk_.Scan(column, from, to, visit);
  return ScanRows(from, to, visit);
}

// The disk's rows and this turn's, in one order; of a key that both have, this turn's.
Result<Done> Turn::ScanRows(ByteView from, ByteView to,
                            const std::function<bool(const Entry&)>& visit) const {
  auto staged = staged_rows_.lower_bound(from);
  bool goes_on = true;
  const auto show_staged = [&] {
    const Write& write = output_.writes.writes[staged->second];
    ++staged;
    if (write.value) goes_on = visit({write.key, *write.value});
  };
  const auto scanned = disk_.Scan(Column::kData, from, to, [&](const Entry& entry) {
    while (goes_on && staged != staged_rows_.end() && staged->first < entry.key) show_staged();
    if (!goes_on) return false;
    if (staged != staged_rows_.end() && staged->first == entry.key) {
      show_staged();
    } else {
      goes_on = visit(entry);
    }
    return goes_on;
  });
  while (scanned && goes_on && staged != staged_rows_.end() && (to.empty() || staged->first < to)) {
    show_staged();
  }
  return scanned;
}

}  // namespace meridian
