#include "io/wan_frame.h"

#include <string>

#include "base/codec.h"

namespace meridian::io {

namespace {

constexpr ByteView kMagic = "MRDN";
constexpr std::size_t kHelloBytesMax = 64;  // of its encoded fields

// A length that is at most `limit`.
Result<std::optional<Parsed<std::size_t>>> ParseLength(ByteView received, std::size_t limit) {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    if (i == received.size()) return std::optional<Parsed<std::size_t>>{};
    const auto byte = static_cast<std::uint8_t>(received[i]);
    length |= std::uint64_t{byte & 0x7fU} << (7 * i);
    if (byte >= 0x80) continue;
    if (length > limit) break;
    return std::optional(Parsed<std::size_t>{length, i + 1});
  }
  return Fail(ErrorCode::kCorrupt, "a length of more than " + std::to_string(limit) + " bytes");
}

}  // namespace

const char* Describe(std::uint8_t verdict) {
  switch (static_cast<WanVerdict>(verdict)) {
    case WanVerdict::kWelcome: return "welcome";
    case WanVerdict::kOtherVersion: return "it does not speak this version of the protocol";
    case WanVerdict::kNotMe: return "it is another process than the one at this address should be";
    case WanVerdict::kUnknown: return "its topology has no such gateway in another region";
  }
  return "it refused for a reason that is unknown here";
}

Bytes EncodeHello(const WanHello& hello) {
  const Bytes fields = Encode(hello);
  Bytes out(kMagic);
  out += static_cast<char>(kWanVersion);
  out += static_cast<char>(fields.size());
  return out + fields;
}

Result<std::optional<Parsed<WanHello>>> ParseHello(ByteView received) {
  if (received.substr(0, kMagic.size()) != kMagic.substr(0, received.size())) {
    return Fail(ErrorCode::kCorrupt, "this is no hello of a gateway");
  }
  if (received.size() <= kMagic.size()) return std::optional<Parsed<WanHello>>{};
  const auto version = static_cast<std::uint8_t>(received[kMagic.size()]);
  if (version != kWanVersion) {
    return Fail(ErrorCode::kUnsupportedVersion,
                "version " + std::to_string(version) + " of the protocol is not spoken here");
  }
  const std::size_t fields_at = kMagic.size() + 2;
  if (received.size() < fields_at) return std::optional<Parsed<WanHello>>{};
  const std::size_t size = static_cast<std::uint8_t>(received[fields_at - 1]);
  if (size > kHelloBytesMax) return Fail(ErrorCode::kCorrupt, "a hello that is too long");
  if (received.size() < fields_at + size) return std::optional<Parsed<WanHello>>{};
  Result<WanHello> hello = Decode<WanHello>(received.substr(fields_at, size));
  if (!hello) return hello.failure();
  if (hello->from.role > Role::kGateway || hello->to.role > Role::kGateway) {
    return Fail(ErrorCode::kCorrupt, "a hello with an unknown role");
  }
  return std::optional(Parsed<WanHello>{*hello, fields_at + size});
}

Bytes EncodeFrameLength(std::size_t length) {
  Bytes out;
  codec::Writer(out).Varint(length);
  return out;
}

Result<std::optional<Parsed<ByteView>>> ParseFrame(ByteView received) {
  const auto length = ParseLength(received, kWanFrameBytesMax);
  if (!length) return length.failure();
  if (!*length || received.size() - (*length)->size < (*length)->value) {
    return std::optional<Parsed<ByteView>>{};
  }
  const auto [size, header] = **length;
  if (size == 0) return Fail(ErrorCode::kCorrupt, "an empty frame");
  return std::optional(Parsed<ByteView>{received.substr(header, size), header + size});
}

void AppendMessage(Bytes& plain, ByteView body) {
  codec::Writer writer(plain);
  writer.Varint(body.size());
  writer.Raw(body.data(), body.size());
}

Result<std::vector<ByteView>> SplitBatch(ByteView plain) {
  std::vector<ByteView> bodies;
  while (!plain.empty()) {
    const auto length = ParseLength(plain, kWanMessageBytesMax);
    if (!length) return length.failure();
    if (!*length || plain.size() - (*length)->size < (*length)->value) {
      return Fail(ErrorCode::kCorrupt, "a batch that ends within a message");
    }
    if ((*length)->value == 0) return Fail(ErrorCode::kCorrupt, "an empty message");
    bodies.push_back(plain.substr((*length)->size, (*length)->value));
    plain.remove_prefix((*length)->size + (*length)->value);
  }
  return bodies;
}

}  // namespace meridian::io
