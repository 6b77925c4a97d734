// A variant as bytes: one byte for which alternative it is, then that alternative's encoding.
//
// Bodies of messages are such variants. The byte is `first` plus the alternative's index, so lists
// of messages only grow at their end, and two lists with other firsts are never mistaken.

#pragma once

#include <array>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/codec.h"

namespace meridian {

template <std::uint8_t first, class Variant>
Bytes PackVariant(const Variant& message) {
  static_assert(std::variant_size_v<Variant> < 64);
  Bytes body;
  body.reserve(kUsualBytes);
  body.push_back(static_cast<char>(first + message.index()));
  std::visit([&](const auto& alternative) { EncodeTo(body, alternative); }, message);
  return body;
}

namespace codec {

// The place of an alternative; the list's length when it is none.
template <class Alternative, class... All>
consteval std::size_t IndexIn(const std::variant<All...>*) {
  std::size_t index = 0;
  (void)((std::is_same_v<Alternative, All> || (++index, false)) || ...);
  return index;
}

template <class Variant, std::size_t Index>
Result<Variant> UnpackAs(ByteView bytes) {
  auto decoded = Decode<std::variant_alternative_t<Index, Variant>>(bytes);
  if (!decoded) return decoded.failure();
  return Variant(std::in_place_index<Index>, std::move(*decoded));
}

}  // namespace codec

// The same bytes as of a Variant that holds it.
template <std::uint8_t first, class Variant, class Alternative>
Bytes PackAlternative(const Alternative& alternative) {
  constexpr std::size_t kIndex = codec::IndexIn<Alternative>(static_cast<const Variant*>(nullptr));
  static_assert(kIndex < std::variant_size_v<Variant>);
  Bytes body;
  body.reserve(kUsualBytes);
  body.push_back(static_cast<char>(first + kIndex));
  EncodeTo(body, alternative);
  return body;
}

template <std::uint8_t first, class Variant>
Result<Variant> UnpackVariant(ByteView body) {
  if (body.empty()) return Fail(ErrorCode::kCorrupt, "empty message");
  // A byte below `first` wraps around to a large index.
  const auto index = static_cast<std::uint8_t>(static_cast<std::uint8_t>(body[0]) - first);
  using Unpack = Result<Variant> (*)(ByteView);
  static constexpr auto kTable = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<Unpack, sizeof...(I)>{&codec::UnpackAs<Variant, I>...};
  }
  (std::make_index_sequence<std::variant_size_v<Variant>>());
  if (index >= kTable.size()) return Fail(ErrorCode::kUnsupportedVersion, "unknown message");
  return kTable[index](body.substr(1));
}

}  // namespace meridian
