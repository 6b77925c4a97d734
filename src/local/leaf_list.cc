#include "local/leaf_list.h"

#include "base/fail_stop.h"
#include "base/hash.h"

namespace meridian::local {

RowPrint PrintOfRow(ByteView storage_key, ByteView stored) {
  RowPrint print;
  print.storage_key = Bytes(storage_key);
  print.digest = {HashOf(stored)};
  const Result<crdt::Row> row = crdt::DecodeRow(stored);
  print.readable = row.has_value() && crdt::ParseStorageKey(storage_key).has_value();
  if (!print.readable) return print;
  print.context = row->context;
  for (const crdt::Version& version : row->versions) {
    print.versions.push_back(
        {version.dot, {crdt::PrintOf(storage_key, version)}, version.value.has_value()});
  }
  return print;
}

std::size_t ApproximateBytes(const RowPrint& print) {
  return 16 + print.storage_key.size() + 12 * print.context.entries().size() +
         20 * print.versions.size();
}

PageRows ListPage(const Turn& turn, const PartitionTrees& trees, unsigned partition_bits,
                  const LeafPage& page, std::size_t bytes_max) {
  const auto [key, leaf] = page.leaf;
  PageRows listed{page, {}, false, {}};
  const Bytes begin = crdt::LeafBegin(key, leaf, partition_bits);
  const Bytes end = crdt::LeafBegin(key, leaf + 1U, partition_bits);
  std::size_t bytes = 0;
  std::uint64_t sum = 0;
  const Bytes& from = std::max(begin, page.from);
  if (!end.empty() && from >= end) return listed;
  OrStop(turn.Scan(Column::kData, from, end, [&](const Entry& entry) {
    if (bytes >= bytes_max) {
      listed.to = Bytes(entry.key);
      return false;
    }
    RowPrint print = PrintOfRow(entry.key, entry.value);
    for (const VersionPrint& version : print.versions)
      sum += version.live ? version.print.value : 0;
    bytes += ApproximateBytes(print);
    listed.deviates |= !print.readable;
    listed.rows.push_back(std::move(print));
    return true;
  }));
  const bool whole = page.from.empty() && listed.to.empty();
  listed.deviates |= whole && sum != trees.LeafOf(key, leaf);
  return listed;
}

}  // namespace meridian::local
