#include "crdt/row_key.h"

#include "base/big_endian.h"
#include "base/check.h"

namespace meridian::crdt {
namespace {

constexpr std::size_t kHeader = 2 + 8 + 2 + 2;

}  // namespace

Bytes StorageKey(const RowKey& key, Token token) {
  MERIDIAN_CHECK(key.key.size() <= RowKey::kKeyBytesMax);
  Bytes bytes;
  bytes.reserve(kHeader + key.key.size() + key.element.size());
  AppendBigEndian(bytes, key.placement.value);
  AppendBigEndian(bytes, token.value);
  AppendBigEndian(bytes, key.space.value);
  AppendBigEndian(bytes, static_cast<std::uint16_t>(key.key.size()));
  bytes += key.key;
  bytes += key.element;
  return bytes;
}

Bytes StorageKey(const RowKey& key) {
  return StorageKey(key, key.token());
}

Result<RowKey> ParseStorageKey(ByteView bytes) {
  if (bytes.size() < kHeader) return Fail(ErrorCode::kCorrupt, "row key is too short");
  RowKey key;
  key.placement.value = ReadBigEndian<std::uint16_t>(bytes);
  const Token token{ReadBigEndian<std::uint64_t>(bytes.substr(2))};
  key.space.value = ReadBigEndian<std::uint16_t>(bytes.substr(10));
  const std::size_t size = ReadBigEndian<std::uint16_t>(bytes.substr(12));
  const ByteView rest = bytes.substr(kHeader);
  if (size > rest.size()) return Fail(ErrorCode::kCorrupt, "row key is cut short");
  key.key = Bytes(rest.substr(0, size));
  key.element = Bytes(rest.substr(size));
  if (key.token() != token) return Fail(ErrorCode::kCorrupt, "row key has another key's token");
  return key;
}

}  // namespace meridian::crdt
