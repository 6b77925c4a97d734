#include "base/turn.h"

#include "base/check.h"

namespace meridian {
namespace {

// Most turns that have one have several.
template <class T>
void Reserve(std::vector<T>& of_turn) {
  constexpr std::size_t kUsual = 16;
  if (of_turn.empty()) of_turn.reserve(kUsual);
}

}  // namespace

void Turn::Send(ProcessId to, Bytes body, BatchId after) {
  Reserve(output_.messages);
  output_.messages.push_back({{self_, to, std::move(body), view_}, Unless(after)});
}

void Turn::Reply(RequestTag tag, Bytes body, BatchId after) {
  Reserve(output_.replies);
  output_.replies.push_back({tag, std::move(body), Unless(after)});
}

BatchId Turn::Barrier() const {
  return Unless(output_.writes.writes.empty() ? last_taken_ : Open());
}

Output Turn::Take() {
  if (!output_.writes.writes.empty()) output_.writes.id = last_taken_ = Open();
  staged_rows_.Clear();
  staged_hints_.Clear();
  return std::exchange(output_, {});
}

void Turn::Stage(Column column, Bytes key, std::optional<Bytes> value) {
  std::vector<Write>& writes = output_.writes.writes;
  if (IsReadBack(column)) {
    Staging& staged = column == Column::kData ? staged_rows_ : staged_hints_;
    const std::size_t place = staged.FindOrAdd(writes, key, writes.size());
    if (place != writes.size()) {
      writes[place].value = std::move(value);
      return;
    }
  }
  Reserve(writes);
  writes.push_back({column, std::move(key), std::move(value)});
}

const Write* Turn::Staged(Column column, ByteView key) const {
  if (!IsReadBack(column)) return nullptr;
  const Staging& staged = column == Column::kData ? staged_rows_ : staged_hints_;
  const std::optional<std::size_t> place = staged.Find(output_.writes.writes, key);
  return place ? &output_.writes.writes[*place] : nullptr;
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
  const std::vector<Write>& writes = output_.writes.writes;
  const std::vector<std::uint32_t> places = staged_rows_.Between(writes, from, to);
  auto staged = places.begin();
  bool goes_on = true;
  const auto show_staged = [&] {
    const Write& write = writes[*staged];
    ++staged;
    if (write.value) goes_on = visit({write.key, *write.value});
  };
  const auto scanned = disk_.Scan(Column::kData, from, to, [&](const Entry& entry) {
    while (goes_on && staged != places.end() && writes[*staged].key < entry.key) show_staged();
    if (!goes_on) return false;
    if (staged != places.end() && writes[*staged].key == entry.key) {
      show_staged();
    } else {
      goes_on = visit(entry);
    }
    return goes_on;
  });
  while (scanned && goes_on && staged != places.end()) show_staged();
  return scanned;
}

}  // namespace meridian
