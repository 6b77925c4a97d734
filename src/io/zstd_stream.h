// A compressed stream that is cut into batches: each batch may be read as soon as it has arrived,
// and each profits from what the batches before it held.
//
//     Compressor zip;              Decompressor unzip;
//     zip.Compress(batch, wire);   unzip.Decompress(wire, batch)
//
// One pair a connection, and batches in order, none left out: a batch means nothing without those
// before it. Input of a Decompressor is not trusted: neither the size of its window nor of what it
// puts out is for the sender to choose. Bytes altered on the way may go unnoticed; the layer below
// vouches for them (TLS). zstd ends here.

#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace meridian::io {

inline constexpr int kDefaultCompression = 3;
inline constexpr std::size_t kPlainBatchBytesMax = std::size_t{64} << 20;

class Compressor {
 public:
  // Requires a level in 1..19.
  explicit Compressor(int level = kDefaultCompression);

  // Appends to `out` all that a Decompressor needs to give `in` back.
  void Compress(ByteView in, Bytes& out);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

class Decompressor {
 public:
  explicit Decompressor(std::size_t batch_bytes_max = kPlainBatchBytesMax);

  // Replaces `out` by the plain content of the batch. kCorrupt if this is no batch, or one of more
  // than `batch_bytes_max` bytes; the stream is then of no further use.
  Result<Done> Decompress(ByteView in, Bytes& out);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  const std::size_t batch_bytes_max_;
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  Bytes chunk_;  // zstd puts out in pieces of this size
};

}  // namespace meridian::io
