#include "local/log_keys.h"

#include "base/big_endian.h"
#include "crdt/row_key.h"

namespace meridian::local {
namespace {

constexpr char kLogVersion = 1;
constexpr std::size_t kPartitionBytes = 4;
constexpr std::size_t kLogKeyBytes = kPartitionBytes + 16;
constexpr std::size_t kPlacementAndToken = 10;

void AppendPartition(Bytes& out, PartitionKey partition) {
  AppendBigEndian(out, partition.placement.value);
  AppendBigEndian(out, partition.partition.value);
}

}  // namespace

Bytes LogKey(PartitionKey partition, const crdt::Dot& dot) {
  Bytes key;
  key.reserve(kLogKeyBytes);
  AppendPartition(key, partition);
  AppendBigEndian(key, dot.actor.packed);
  AppendBigEndian(key, dot.sequence);
  return key;
}

Bytes LogEnd(PartitionKey partition) {
  return LogKey(partition, {{UINT64_MAX}, UINT64_MAX}) + '\xff';
}

crdt::Dot DotOfLogKey(ByteView log_key) {
  MERIDIAN_CHECK(log_key.size() == kLogKeyBytes);
  return {{ReadBigEndian<std::uint64_t>(log_key.substr(kPartitionBytes))},
          ReadBigEndian<std::uint64_t>(log_key.substr(kPartitionBytes + 8))};
}

Bytes LogValue(ByteView storage_key) {
  Bytes value(1, kLogVersion);
  value += storage_key.substr(kPlacementAndToken);
  return value;
}

Result<Bytes> StorageKeyOfLog(PartitionKey partition, ByteView value) {
  if (value.size() < 5 || value[0] != kLogVersion) {
    return Fail(ErrorCode::kCorrupt, "log row has an unknown format");
  }
  crdt::RowKey key;
  key.placement = partition.placement;
  key.space.value = ReadBigEndian<std::uint16_t>(value.substr(1));
  const std::size_t size = ReadBigEndian<std::uint16_t>(value.substr(3));
  const ByteView rest = value.substr(5);
  if (size > rest.size()) return Fail(ErrorCode::kCorrupt, "log row is cut short");
  key.key = Bytes(rest.substr(0, size));
  key.element = Bytes(rest.substr(size));
  return crdt::StorageKey(key);
}

Bytes SeenCheckpointKey(PartitionKey partition) {
  Bytes key = "seen";
  AppendPartition(key, partition);
  return key;
}

Bytes FillingKey(PartitionKey partition) {
  Bytes key = "filling";
  AppendPartition(key, partition);
  return key;
}

}  // namespace meridian::local
