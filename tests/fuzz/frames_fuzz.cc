// Damaged bytes for what frames messages: ZeroMQ frames within a region, and hello, frames, zstd
// stream and batches between gateways.

#include "base/codec.h"
#include "fuzz/fuzzing.h"
#include "io/frame.h"
#include "io/wan_frame.h"
#include "io/zstd_stream.h"

namespace meridian::fuzz {
namespace {

using io::FrameKind;

constexpr std::size_t kUnzippedMax = std::size_t{1} << 20;

const std::vector<Bytes> kBodies = {"one", Bytes(300, 'x'), Bytes("\0\xff", 2)};

Bytes EncodePeers(const io::PeerFrame& frame) {
  return io::EncodePeerFrame(frame.view, frame.from, frame.bodies);
}

template <FrameKind kKind>
Result<io::ClientFrame> DecodeItems(ByteView bytes) {
  return io::DecodeClientFrame(kKind, bytes);
}

template <FrameKind kKind>
Bytes EncodeItems(const io::ClientFrame& frame) {
  return io::EncodeClientFrame(kKind, frame.epoch, frame.items);
}

// A hello that is not whole yet is refused here: the connection would wait for the rest.
Result<io::WanHello> DecodeHello(ByteView bytes) {
  const auto parsed = io::ParseHello(bytes);
  if (!parsed) return parsed.failure();
  if (!*parsed) return Fail(ErrorCode::kCorrupt, "not whole");
  if ((*parsed)->size > bytes.size()) Stop("DecodeHello", "took more than there is", bytes);
  return (*parsed)->value;
}

Result<std::vector<Bytes>> SplitBodies(ByteView plain) {
  const auto views = io::SplitBatch(plain);
  if (!views) return views.failure();
  return std::vector<Bytes>(views->begin(), views->end());
}

Bytes JoinBodies(const std::vector<Bytes>& bodies) {
  Bytes plain;
  for (const Bytes& body : bodies) io::AppendMessage(plain, body);
  return plain;
}

// All that a connection receives after the hello: frames, each a batch of one compressed stream.
Result<std::vector<Bytes>> ReadLink(ByteView received) {
  io::Decompressor unzip(kUnzippedMax);
  std::vector<Bytes> bodies;
  while (!received.empty()) {
    const auto frame = io::ParseFrame(received);
    if (!frame) return frame.failure();
    if (!*frame) return Fail(ErrorCode::kCorrupt, "not whole");
    if ((*frame)->size > received.size()) Stop("ReadLink", "took more than there is", received);
    Bytes plain;
    const auto unzipped = unzip.Decompress((*frame)->value, plain);
    if (!unzipped) return unzipped.failure();
    if (plain.size() > kUnzippedMax) Stop("ReadLink", "unzipped more than its limit", received);
    const auto split = SplitBodies(plain);
    if (!split) return split.failure();
    bodies.insert(bodies.end(), split->begin(), split->end());
    received.remove_prefix((*frame)->size);
  }
  return bodies;
}

Bytes WriteLink(const std::vector<Bytes>& bodies) {
  io::Compressor zip;
  Bytes sent;
  for (const Bytes& body : bodies) {
    Bytes zipped;
    zip.Compress(JoinBodies({body, "and more"}), zipped);
    sent += io::EncodeFrameLength(zipped.size()) + zipped;
  }
  return sent;
}

Target Link() {
  return {"ReadLink",
          {WriteLink(kBodies), WriteLink({Bytes(100'000, 'z')})},
          [](ByteView bytes) { return ReadLink(bytes).has_value(); },
          10};
}

}  // namespace

std::vector<Target> Targets() {
  const ProcessId node = NodeProcess({1}, {2});
  const io::ClientFrame items{{7}, {{1, "one"}, {UINT64_MAX, Bytes(300, 'x')}}};
  return {
      Of("DecodePeerFrame", io::DecodePeerFrame, EncodePeers, {{{7}, node, kBodies}}),
      Of("DecodeRequests", DecodeItems<FrameKind::kRequests>, EncodeItems<FrameKind::kRequests>,
         {items}),
      Of("DecodeAnswers", DecodeItems<FrameKind::kAnswers>, EncodeItems<FrameKind::kAnswers>,
         {items}),
      Of("DecodeHello", DecodeHello, io::EncodeHello, {{node, NodeProcess({2}, {1}), {7}}}),
      Of("SplitBatch", SplitBodies, JoinBodies, {kBodies}),
      Link(),
  };
}

}  // namespace meridian::fuzz
