#include "base/utf8.h"

#include <cstdint>

namespace meridian {
namespace {

// The bytes of the character that begins here, or 0.
std::size_t CharacterAt(ByteView bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  const std::uint8_t first = at(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0U) != 0x80) return 0;
  }
  const std::uint8_t second = at(1);
  const bool is_overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool is_surrogate = first == 0xed && second > 0x9f;
  const bool is_beyond = first == 0xf4 && second > 0x8f;
  return is_overlong || is_surrogate || is_beyond ? 0 : size;
}

}  // namespace

std::size_t Utf8Prefix(ByteView bytes) {
  std::size_t good = 0;
  while (good < bytes.size()) {
    const std::size_t size = CharacterAt(bytes.substr(good));
    if (size == 0) break;
    good += size;
  }
  return good;
}

}  // namespace meridian
