#include "io/zstd_stream.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "base/random.h"

namespace meridian::io {
namespace {

Bytes RandomBytes(Random& random, std::size_t size) {
  Bytes bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  return bytes;
}

Bytes CompressAlone(ByteView in, int window_log) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  Bytes out(ZSTD_compressBound(in.size()), '\0');
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush);
  ZSTD_freeCCtx(context);
  out.resize(output.pos);
  return out;
}

TEST(ZstdStreamTest, EachBatchCanBeReadAsSoonAsItIsThere) {
  Random random(1);
  for (const int level : {1, 3, 19}) {
    Compressor zip(level);
    Decompressor unzip;
    for (const std::size_t size : {1UL, 100UL, 5'000UL, 300'000UL, 3'000'000UL, 7UL}) {
      const Bytes batch = size % 2 == 0 ? RandomBytes(random, size) : Bytes(size, 'x');
      Bytes wire;
      zip.Compress(batch, wire);
      Bytes back = "left over";
      ASSERT_TRUE(unzip.Decompress(wire, back));
      ASSERT_EQ(back, batch);
    }
  }
}

TEST(ZstdStreamTest, ABatchProfitsFromTheOnesBefore) {
  Random random(2);
  const Bytes batch = RandomBytes(random, 10'000);
  Compressor zip;
  Bytes first, again;
  zip.Compress(batch, first);
  zip.Compress(batch, again);
  EXPECT_GT(first.size(), 10'000U);
  EXPECT_LT(again.size(), 100U);
}

TEST(ZstdStreamTest, RandomBytesCostHardlyMoreThanThemselves) {
  Random random(3);
  Compressor zip;
  Bytes wire;
  zip.Compress("to begin the stream", wire);
  wire.clear();
  zip.Compress(RandomBytes(random, 1000), wire);
  EXPECT_LE(wire.size(), 1004U);
}

TEST(ZstdStreamTest, OutputIsAppendedToWhatIsThere) {
  Compressor zip;
  Bytes wire = "header";
  zip.Compress("batch", wire);
  Decompressor unzip;
  Bytes back;
  ASSERT_TRUE(unzip.Decompress(ByteView(wire).substr(6), back));
  EXPECT_EQ(back, "batch");
}

TEST(ZstdStreamTest, ABombIsRefused) {
  Compressor zip;
  Bytes bomb;
  zip.Compress(Bytes(std::size_t{65} << 20, '\0'), bomb);
  ASSERT_LT(bomb.size(), 100'000U);
  Decompressor unzip;
  Bytes back;
  const Result<Done> done = unzip.Decompress(bomb, back);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kCorrupt);
  EXPECT_LE(back.size(), kPlainBatchBytesMax);
}

TEST(ZstdStreamTest, ABatchOfExactlyTheBoundIsTaken) {
  Compressor zip;
  Bytes wire;
  zip.Compress(Bytes(1000, 'x'), wire);
  Bytes back;
  EXPECT_TRUE(Decompressor(1000).Decompress(wire, back));
  EXPECT_FALSE(Decompressor(999).Decompress(wire, back));
}

TEST(ZstdStreamTest, TheSenderDoesNotChooseTheWindow) {
  Bytes back;
  EXPECT_TRUE(Decompressor().Decompress(CompressAlone("content", 22), back));
  EXPECT_FALSE(Decompressor().Decompress(CompressAlone("content", 24), back));
}

TEST(ZstdStreamTest, WhatIsNoStreamOrEndsIsCorrupt) {
  Bytes back;
  EXPECT_FALSE(Decompressor().Decompress("this is no zstd stream", back));
  Bytes ended(100, '\0');
  ended.resize(ZSTD_compress(ended.data(), ended.size(), "content", 7, 3));
  EXPECT_FALSE(Decompressor().Decompress(ended, back));
}

}  // namespace
}  // namespace meridian::io
