// Structs to bytes and back, for wire and disk; the only place that includes cereal.
//
// A type names its fields once:
//
//     template <class Archive> void serialize(Archive& archive) { archive(actor, sequence); }
//
// and then Encode(dot) gives bytes, Decode<Dot>(bytes) a Result. The format is compact and the same
// on every machine: integers are LEB128 varints (signed ones zigzag), byte strings and sequences
// have a varint length in front, Fixed64 is 8 bytes little endian. Formats are in docs/wire.md and
// docs/storage.md, and golden files prove them.
//
// Decoding never trusts: a length larger than what is left, a varint that overflows its type or
// is longer than it need be, or bytes left over are kCorrupt, whatever the input; nothing is
// allocated that the input did not pay for in bytes. What reads from outside puts a version byte
// in front (EncodeVersioned).

#pragma once

#include <cereal/cereal.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace meridian {

// A number that is spread over all 64 bits (hashes, signatures), where a varint would be longer.
struct Fixed64 {
  std::uint64_t value = 0;
  friend bool operator==(const Fixed64&, const Fixed64&) = default;
};

namespace codec {

// Ends inside Decode; seen by nobody else.
struct Corrupt : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// For `load` functions of types with invariants: what a correct peer would never have sent.
inline void Require(bool holds, const char* what) {
  if (!holds) throw Corrupt(what);
}

class Writer : public cereal::OutputArchive<Writer> {
 public:
  explicit Writer(Bytes& out) : cereal::OutputArchive<Writer>(this), out_(out) {}

  void Raw(const void* data, std::size_t size) {
    out_.append(static_cast<const char*>(data), size);
  }
  void Varint(std::uint64_t number) {
    char buffer[10];
    std::size_t size = 0;
    for (; number >= 0x80; number >>= 7) buffer[size++] = static_cast<char>(number | 0x80);
    buffer[size++] = static_cast<char>(number);
    out_.append(buffer, size);
  }

 private:
  Bytes& out_;
};

class Reader : public cereal::InputArchive<Reader> {
 public:
  explicit Reader(ByteView in) : cereal::InputArchive<Reader>(this), in_(in) {}

  ByteView Raw(std::uint64_t size) {
    if (size > in_.size()) throw Corrupt("cut short");
    const ByteView raw = in_.substr(0, size);
    in_.remove_prefix(size);
    return raw;
  }
  std::uint64_t Varint() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(Raw(1)[0]);
      // Too large; or ended by a zero that adds nothing, a second form of a shorter number.
      if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0)) break;
      number |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return number;
    }
    throw Corrupt("number too long");
  }
  // A count of elements; each takes at least one byte, so more than what is left is a lie.
  std::uint64_t Count() {
    const std::uint64_t count = Varint();
    if (count > in_.size()) throw Corrupt("length exceeds input");
    return count;
  }
  bool empty() const { return in_.empty(); }

 private:
  ByteView in_;
};

template <class T>
inline constexpr bool kIsPlainNumber = std::is_arithmetic_v<T> && !std::is_floating_point_v<T>;

template <class T>
requires kIsPlainNumber<T>
void CEREAL_SAVE_FUNCTION_NAME(Writer& writer, const T& number) {
  if constexpr (std::is_signed_v<T>) {
    const auto wide = static_cast<std::int64_t>(number);
    writer.Varint((static_cast<std::uint64_t>(wide) << 1) ^ static_cast<std::uint64_t>(wide >> 63));
  } else {
    writer.Varint(static_cast<std::uint64_t>(number));
  }
}

template <class T>
requires kIsPlainNumber<T>
void CEREAL_LOAD_FUNCTION_NAME(Reader& reader, T& number) {
  const std::uint64_t raw = reader.Varint();
  if constexpr (std::is_signed_v<T>) {
    const auto wide = static_cast<std::int64_t>((raw >> 1) ^ (0 - (raw & 1)));
    if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max()) {
      throw Corrupt("number out of range");
    }
    number = static_cast<T>(wide);
  } else {
    if (raw > std::numeric_limits<T>::max()) throw Corrupt("number out of range");
    number = static_cast<T>(raw);
  }
}

// Sizes of containers that cereal itself walks (maps).
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(Writer& writer, const cereal::SizeTag<T>& tag) {
  writer.Varint(tag.size);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(Reader& reader, cereal::SizeTag<T>& tag) {
  tag.size = static_cast<std::remove_reference_t<T>>(reader.Count());
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(Writer& writer, const cereal::NameValuePair<T>& pair) {
  writer(pair.value);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(Reader& reader, cereal::NameValuePair<T>& pair) {
  reader(pair.value);
}

inline void CEREAL_SAVE_FUNCTION_NAME(Writer& writer, const Bytes& bytes) {
  writer.Varint(bytes.size());
  writer.Raw(bytes.data(), bytes.size());
}
inline void CEREAL_LOAD_FUNCTION_NAME(Reader& reader, Bytes& bytes) {
  bytes = Bytes(reader.Raw(reader.Varint()));
}

inline void CEREAL_SAVE_FUNCTION_NAME(Writer& writer, const Fixed64& fixed) {
  char raw[8];
  for (unsigned i = 0; i < 8; ++i) raw[i] = static_cast<char>(fixed.value >> (8 * i));
  writer.Raw(raw, sizeof raw);
}
inline void CEREAL_LOAD_FUNCTION_NAME(Reader& reader, Fixed64& fixed) {
  const ByteView raw = reader.Raw(8);
  fixed.value = 0;
  for (unsigned i = 0; i < 8; ++i) {
    fixed.value |= std::uint64_t{static_cast<std::uint8_t>(raw[i])} << (8 * i);
  }
}

template <class T, class Allocator>
void CEREAL_SAVE_FUNCTION_NAME(Writer& writer, const std::vector<T, Allocator>& items) {
  writer.Varint(items.size());
  for (const T& item : items) writer(item);
}
// Grows element by element: a lying count costs at most what its bytes can fill.
template <class T, class Allocator>
void CEREAL_LOAD_FUNCTION_NAME(Reader& reader, std::vector<T, Allocator>& items) {
  const std::uint64_t count = reader.Count();
  items.clear();
  for (std::uint64_t i = 0; i < count; ++i) reader(items.emplace_back());
}

}  // namespace codec

// Appends the encoding of `value` to `out`.
template <class T>
void EncodeTo(Bytes& out, const T& value) {
  codec::Writer writer(out);
  writer(value);
}

// Most of what is encoded fits, and need not move while it grows.
inline constexpr std::size_t kUsualBytes = 256;

template <class T>
Bytes Encode(const T& value) {
  Bytes out;
  out.reserve(kUsualBytes);
  EncodeTo(out, value);
  return out;
}

// The whole of `bytes` as one T, or kCorrupt.
template <class T>
Result<T> Decode(ByteView bytes) {
  try {
    codec::Reader reader(bytes);
    T value;
    reader(value);
    if (!reader.empty()) return Fail(ErrorCode::kCorrupt, "bytes left over");
    return value;
  } catch (const std::exception& corrupt) {
    return Fail(ErrorCode::kCorrupt, corrupt.what());
  }
}

// As Encode and Decode, behind a byte that says which version of T's format follows.
template <class T>
Bytes EncodeVersioned(std::uint8_t version, const T& value) {
  Bytes out;
  out.reserve(kUsualBytes);
  out.push_back(static_cast<char>(version));
  EncodeTo(out, value);
  return out;
}

template <class T>
Result<T> DecodeVersioned(std::uint8_t version, ByteView bytes) {
  if (bytes.empty()) return Fail(ErrorCode::kCorrupt, "empty");
  const auto found = static_cast<std::uint8_t>(bytes[0]);
  if (found > version) {
    return Fail(ErrorCode::kUnsupportedVersion, "format version " + std::to_string(found) +
                                                    " is newer than " + std::to_string(version));
  }
  if (found != version) return Fail(ErrorCode::kCorrupt, "unknown format version");
  return Decode<T>(bytes.substr(1));
}

}  // namespace meridian

CEREAL_REGISTER_ARCHIVE(meridian::codec::Writer)
CEREAL_REGISTER_ARCHIVE(meridian::codec::Reader)
CEREAL_SETUP_ARCHIVE_TRAITS(meridian::codec::Reader, meridian::codec::Writer)
