// Integers as big-endian bytes, for storage keys: their byte order is their numeric order.

#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"

namespace meridian {

template <std::unsigned_integral Number>
void AppendBigEndian(Bytes& out, Number number) {
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i)));
  }
}

// Reads from the front. Requires bytes.size() >= sizeof(Number).
template <std::unsigned_integral Number>
Number ReadBigEndian(ByteView bytes) {
  MERIDIAN_CHECK(bytes.size() >= sizeof(Number));
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = (number << 8) | static_cast<std::uint8_t>(bytes[i]);
  }
  return static_cast<Number>(number);
}

}  // namespace meridian
