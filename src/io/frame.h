// What one ZeroMQ message holds: many messages of one turn, behind one header.
//
//     peer frame     version 1 | kind 1 | view | from | count | (length, body) ...
//     client frame   version 1 | kind 2 (requests) or 3 (answers) | epoch | count |
//                    (request id, length, body) ...
//
// Version and kind are bytes; `from` is region, role, number; all else are varints and raw bytes
// (base/codec.h). docs/wire.md has the grammar. Decoding is bounded: a frame is at most
// kFrameBytesMax and kFrameItemsMax, and one of another version is kUnsupportedVersion.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace meridian::io {

inline constexpr std::size_t kFrameBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kFrameItemsMax = std::size_t{1} << 16;
// More than any header and the lengths of one item take.
inline constexpr std::size_t kFrameOverheadMax = 64;

enum class FrameKind : std::uint8_t { kPeer = 1, kRequests = 2, kAnswers = 3 };

struct PeerFrame {
  std::uint64_t view = 0;  // the sender's (local/view.h)
  ProcessId from;
  std::vector<Bytes> bodies;
};

// A request or its answer; the id is the client's, unique among what it has in flight.
struct ClientItem {
  std::uint64_t id = 0;
  Bytes body;
};

struct ClientFrame {
  Epoch epoch;  // the sender's
  std::vector<ClientItem> items;
};

// How many of `items` from the front go into one frame of about `bytes`: at least one if any.
template <class Item, class SizeOf>
std::size_t ItemsForFrame(std::span<const Item> items, std::size_t bytes, SizeOf size_of) {
  std::size_t count = 0;
  for (std::size_t used = 0; count < items.size() && count < kFrameItemsMax; ++count) {
    used += size_of(items[count]) + 20;
    if (count > 0 && used > bytes) break;
  }
  return count;
}

// Require at most kFrameItemsMax items that fit kFrameBytesMax together with the header.
Bytes EncodePeerFrame(std::uint64_t view, ProcessId from, std::span<const Bytes> bodies);
Bytes EncodeClientFrame(FrameKind kind, Epoch epoch, std::span<const ClientItem> items);

Result<PeerFrame> DecodePeerFrame(ByteView frame);
// kCorrupt when the frame is not of `kind`.
Result<ClientFrame> DecodeClientFrame(FrameKind kind, ByteView frame);

}  // namespace meridian::io
