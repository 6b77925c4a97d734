// What goes over a connection between gateways, as bytes. docs/wire.md has the grammar.
//
//     dialer   -> acceptor   hello, once, in clear:  "MRDN" version length Encode(WanHello)
//     acceptor -> dialer     one byte, once:         WanVerdict
//     dialer   -> acceptor   frames, for ever:       varint(length) bytes of one compressed batch
//     plain content of a batch:                      (varint(length) body)*
//
// All batches of a connection are one compressed stream (io/zstd_stream). Lengths from outside are
// checked before anything is kept for them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace meridian::io {

inline constexpr std::uint8_t kWanVersion = 1;
inline constexpr std::size_t kWanFrameBytesMax = std::size_t{16} << 20;   // compressed
inline constexpr std::size_t kWanMessageBytesMax = std::size_t{8} << 20;  // so it fits a frame
inline constexpr std::size_t kBatchBytesTarget = std::size_t{1} << 20;    // plain, if divisible
inline constexpr std::size_t kBatchBytesMax = std::size_t{16} << 20;      // plain

struct WanHello {
  ProcessId from;
  ProcessId to;
  Epoch epoch;

  friend bool operator==(const WanHello&, const WanHello&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(from, to, epoch);
  }
};

enum class WanVerdict : std::uint8_t {
  kWelcome = 0,
  kOtherVersion = 1,  // the dialer speaks a version that the acceptor does not
  kNotMe = 2,         // the acceptor is not the process that the dialer wants
  kUnknown = 3,       // the acceptor knows no such gateway of another region
};

// "it knows no such gateway"; for logs.
const char* Describe(std::uint8_t verdict);

// Something at the front of what was received, and how many bytes of it that took.
template <class T>
struct Parsed {
  T value;
  std::size_t size = 0;
};

Bytes EncodeHello(const WanHello& hello);
// Nothing: more bytes are needed. kCorrupt, or kUnsupportedVersion, as soon as that can be told.
Result<std::optional<Parsed<WanHello>>> ParseHello(ByteView received);

// What precedes the compressed bytes of a frame.
Bytes EncodeFrameLength(std::size_t length);
// The compressed bytes of the first frame. Nothing: more bytes are needed.
Result<std::optional<Parsed<ByteView>>> ParseFrame(ByteView received);

// Requires a body of 1 to kWanMessageBytesMax bytes.
void AppendMessage(Bytes& plain, ByteView body);
// The bodies, as views into `plain`.
Result<std::vector<ByteView>> SplitBatch(ByteView plain);

}  // namespace meridian::io
