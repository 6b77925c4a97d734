#include "base/big_endian.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace meridian {
namespace {

template <class Number>
Bytes BigEndian(Number number) {
  Bytes bytes;
  AppendBigEndian(bytes, number);
  return bytes;
}

TEST(BigEndianTest, PutsTheHighestByteFirst) {
  EXPECT_EQ(BigEndian(std::uint8_t{0xab}), "\xab");
  EXPECT_EQ(BigEndian(std::uint16_t{0x0102}), "\x01\x02");
  EXPECT_EQ(BigEndian(std::uint32_t{0xfffefdfc}), "\xff\xfe\xfd\xfc");
  EXPECT_EQ(BigEndian(std::uint64_t{0x0102030405060708}), "\x01\x02\x03\x04\x05\x06\x07\x08");
}

TEST(BigEndianTest, AppendsBehindWhatIsThere) {
  Bytes bytes = "x";
  AppendBigEndian(bytes, std::uint16_t{7});
  EXPECT_EQ(bytes, Bytes("x\0\7", 3));
}

TEST(BigEndianTest, ReadsFromTheFrontAndIgnoresTheRest) {
  EXPECT_EQ(ReadBigEndian<std::uint16_t>("\x01\x02\x03"), 0x0102);
  EXPECT_EQ(ReadBigEndian<std::uint64_t>("\xff\xff\xff\xff\xff\xff\xff\xff!"), UINT64_MAX);
}

TEST(BigEndianTest, ByteOrderIsNumericOrder) {
  Random random(1);
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t a = random.Next() >> random.Below(64);
    const std::uint64_t b = random.Next() >> random.Below(64);
    EXPECT_EQ(BigEndian(a) < BigEndian(b), a < b);
    EXPECT_EQ(ReadBigEndian<std::uint64_t>(BigEndian(a)), a);
  }
}

TEST(BigEndianDeathTest, ReadingMoreThanThereIsStopsTheProcess) {
  EXPECT_DEATH(ReadBigEndian<std::uint32_t>("abc"), "check failed");
}

}  // namespace
}  // namespace meridian
