#include "io/frame.h"

#include "base/codec.h"

namespace meridian::io {
namespace {

constexpr std::uint8_t kVersion = 1;

Bytes Begin(FrameKind kind, Epoch epoch, std::size_t body_bytes, std::size_t count) {
  MERIDIAN_CHECK(count <= kFrameItemsMax);
  Bytes frame;
  frame.reserve(kFrameOverheadMax + body_bytes + count * 20);
  frame.push_back(static_cast<char>(kVersion));
  frame.push_back(static_cast<char>(kind));
  EncodeTo(frame, epoch);
  return frame;
}

void AppendBody(codec::Writer& writer, const Bytes& body) {
  writer.Varint(body.size());
  writer.Raw(body.data(), body.size());
}

// Strips version and kind, and refuses what cannot be a frame of `kind`.
Result<ByteView> Payload(FrameKind kind, ByteView frame) {
  if (frame.size() > kFrameBytesMax) return Fail(ErrorCode::kCorrupt, "frame too large");
  if (frame.size() < 2) return Fail(ErrorCode::kCorrupt, "frame cut short");
  const auto version = static_cast<std::uint8_t>(frame[0]);
  if (version != kVersion) {
    return Fail(ErrorCode::kUnsupportedVersion, "frame of version " + std::to_string(version) +
                                                    ", not " + std::to_string(kVersion));
  }
  if (frame[1] != static_cast<char>(kind)) return Fail(ErrorCode::kCorrupt, "frame of other kind");
  return frame.substr(2);
}

// Reads the count; bounded, so that reserving for it costs at most a few MiB.
std::size_t ItemCount(codec::Reader& reader) {
  const std::uint64_t count = reader.Count();
  return count > kFrameItemsMax ? kFrameItemsMax + 1 : static_cast<std::size_t>(count);
}

}  // namespace

Bytes EncodePeerFrame(std::uint64_t view, ProcessId from, std::span<const Bytes> bodies) {
  std::size_t body_bytes = 0;
  for (const Bytes& body : bodies) body_bytes += body.size();
  Bytes frame = Begin(FrameKind::kPeer, {view}, body_bytes, bodies.size());
  codec::Writer writer(frame);
  writer(from);
  writer.Varint(bodies.size());
  for (const Bytes& body : bodies) AppendBody(writer, body);
  MERIDIAN_CHECK(frame.size() <= kFrameBytesMax);
  return frame;
}

Bytes EncodeClientFrame(FrameKind kind, Epoch epoch, std::span<const ClientItem> items) {
  std::size_t body_bytes = 0;
  for (const ClientItem& item : items) body_bytes += item.body.size();
  Bytes frame = Begin(kind, epoch, body_bytes, items.size());
  codec::Writer writer(frame);
  writer.Varint(items.size());
  for (const ClientItem& item : items) {
    writer.Varint(item.id);
    AppendBody(writer, item.body);
  }
  MERIDIAN_CHECK(frame.size() <= kFrameBytesMax);
  return frame;
}

Result<PeerFrame> DecodePeerFrame(ByteView bytes) {
  const Result<ByteView> payload = Payload(FrameKind::kPeer, bytes);
  if (!payload) return payload.failure();
  try {
    codec::Reader reader(*payload);
    PeerFrame frame;
    reader(frame.view, frame.from);
    if (frame.from.role > Role::kGateway) return Fail(ErrorCode::kCorrupt, "unknown role");
    const std::size_t count = ItemCount(reader);
    if (count > kFrameItemsMax) return Fail(ErrorCode::kCorrupt, "too many items in a frame");
    frame.bodies.reserve(count);
    for (std::size_t i = 0; i < count; ++i) frame.bodies.emplace_back(reader.Raw(reader.Varint()));
    if (!reader.empty()) return Fail(ErrorCode::kCorrupt, "bytes left over");
    return frame;
  } catch (const std::exception& corrupt) {
    return Fail(ErrorCode::kCorrupt, corrupt.what());
  }
}

Result<ClientFrame> DecodeClientFrame(FrameKind kind, ByteView bytes) {
  const Result<ByteView> payload = Payload(kind, bytes);
  if (!payload) return payload.failure();
  try {
    codec::Reader reader(*payload);
    ClientFrame frame;
    reader(frame.epoch);
    const std::size_t count = ItemCount(reader);
    if (count > kFrameItemsMax) return Fail(ErrorCode::kCorrupt, "too many items in a frame");
    frame.items.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t id = reader.Varint();
      frame.items.push_back({id, Bytes(reader.Raw(reader.Varint()))});
    }
    if (!reader.empty()) return Fail(ErrorCode::kCorrupt, "bytes left over");
    return frame;
  } catch (const std::exception& corrupt) {
    return Fail(ErrorCode::kCorrupt, corrupt.what());
  }
}

}  // namespace meridian::io
