#include "io/zstd_stream.h"

#include <zstd.h>

#include <string>

#include "base/check.h"

namespace meridian::io {

namespace {

constexpr int kWindowLog = 20;     // 1 MiB of history: beyond it the gain is small
constexpr int kWindowLogMax = 22;  // what a later release may use towards this one

}  // namespace

void Compressor::Free::operator()(ZSTD_CCtx_s* context) const {
  ZSTD_freeCCtx(context);
}

Compressor::Compressor(int level) : context_(ZSTD_createCCtx()) {
  MERIDIAN_CHECK(level >= 1 && level <= 19);
  MERIDIAN_CHECK(context_ != nullptr);
  const auto set = [this](ZSTD_cParameter parameter, int value) {
    MERIDIAN_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), parameter, value)));
  };
  set(ZSTD_c_compressionLevel, level);
  set(ZSTD_c_windowLog, kWindowLog);
  set(ZSTD_c_checksumFlag, 0);  // would come at the stream's end, which never comes
}

void Compressor::Compress(ByteView in, Bytes& out) {
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  std::size_t end = out.size();
  std::size_t left = 0;
  do {
    out.resize(end + ZSTD_compressBound(in.size() - input.pos) + 64);
    ZSTD_outBuffer output{out.data() + end, out.size() - end, 0};
    left = ZSTD_compressStream2(context_.get(), &output, &input, ZSTD_e_flush);
    MERIDIAN_CHECK(!ZSTD_isError(left));  // nothing but a lack of memory
    end += output.pos;
  } while (left != 0);
  out.resize(end);
}

void Decompressor::Free::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

Decompressor::Decompressor(std::size_t batch_bytes_max)
    : batch_bytes_max_(batch_bytes_max),
      context_(ZSTD_createDCtx()),
      chunk_(ZSTD_DStreamOutSize(), '\0') {
  MERIDIAN_CHECK(context_ != nullptr);
  MERIDIAN_CHECK(
      !ZSTD_isError(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax)));
}

Result<Done> Decompressor::Decompress(ByteView in, Bytes& out) {
  out.clear();
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  bool full = false;
  do {
    ZSTD_outBuffer output{chunk_.data(), chunk_.size(), 0};
    const std::size_t code = ZSTD_decompressStream(context_.get(), &output, &input);
    if (ZSTD_isError(code)) {
      return Fail(ErrorCode::kCorrupt, std::string("zstd: ") + ZSTD_getErrorName(code));
    }
    if (code == 0) return Fail(ErrorCode::kCorrupt, "zstd: the stream was ended");
    if (output.pos > batch_bytes_max_ - out.size()) {
      return Fail(ErrorCode::kCorrupt, "zstd: a batch of more than " +
                                           std::to_string(batch_bytes_max_) + " plain bytes");
    }
    out.append(chunk_.data(), output.pos);
    full = output.pos == output.size;
  } while (full || input.pos < input.size);
  return Done{};
}

}  // namespace meridian::io
