#include "base/codec.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/random.h"

namespace {

// The largest single allocation since it was last set to 0.
std::size_t largest_allocation = 0;

void* Allocate(std::size_t size) {
  if (size > largest_allocation) largest_allocation = size;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return Allocate(size);
}
void* operator new[](std::size_t size) {
  return Allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace meridian {
namespace {

enum class Colour : std::uint8_t { kRed, kGreen };

struct Inner {
  std::int32_t number = 0;
  std::optional<Bytes> text;

  friend bool operator==(const Inner&, const Inner&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, text);
  }
};

// One of everything that the project encodes.
struct Everything {
  std::uint8_t tiny = 0;
  std::uint64_t wide = 0;
  std::int64_t negative = 0;
  bool flag = false;
  Colour colour = Colour::kRed;
  Bytes bytes;
  Fixed64 fixed;
  Actor actor;
  std::vector<Inner> inners;
  std::map<Bytes, std::uint32_t> counts;
  std::variant<std::uint32_t, Bytes> either;

  friend bool operator==(const Everything&, const Everything&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(tiny, wide, negative, flag, colour, bytes, fixed, actor, inners, counts, either);
  }
};

Bytes RandomBytes(Random& random) {
  Bytes bytes(random.Below(20), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Below(256));
  return bytes;
}

Everything RandomEverything(Random& random) {
  Everything all;
  all.tiny = static_cast<std::uint8_t>(random.Below(256));
  all.wide = random.Next() >> random.Below(64);
  all.negative = static_cast<std::int64_t>(random.Next()) >> random.Below(64);
  all.flag = random.OneIn(2);
  all.colour = random.OneIn(2) ? Colour::kRed : Colour::kGreen;
  all.bytes = RandomBytes(random);
  all.fixed.value = random.Next();
  all.actor = Actor::Of({2}, {3}, static_cast<std::uint32_t>(random.Below(100)));
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    Inner& inner = all.inners.emplace_back();
    inner.number = static_cast<std::int32_t>(random.Next());
    if (random.OneIn(2)) inner.text = RandomBytes(random);
  }
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    all.counts[RandomBytes(random)] = static_cast<std::uint32_t>(random.Next());
  }
  if (random.OneIn(2)) all.either = RandomBytes(random);
  return all;
}

template <class T>
void ExpectCorrupt(ByteView bytes) {
  const Result<T> decoded = Decode<T>(bytes);
  ASSERT_FALSE(decoded) << "of " << testing::PrintToString(Bytes(bytes));
  EXPECT_EQ(decoded.error().code, ErrorCode::kCorrupt);
}

template <class T>
void ExpectRoundTrip(const T& value) {
  const Result<T> decoded = Decode<T>(Encode(value));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, value);
}

TEST(CodecTest, WhatIsEncodedDecodesToTheSame) {
  Random random(1);
  for (int i = 0; i < 1000; ++i) ExpectRoundTrip(RandomEverything(random));
}

TEST(CodecTest, ExtremesRoundTrip) {
  ExpectRoundTrip(std::numeric_limits<std::uint64_t>::max());
  ExpectRoundTrip(std::numeric_limits<std::int64_t>::min());
  ExpectRoundTrip(std::numeric_limits<std::int64_t>::max());
  ExpectRoundTrip(std::numeric_limits<std::int8_t>::min());
  ExpectRoundTrip(std::uint64_t{0});
  ExpectRoundTrip(Bytes());
  ExpectRoundTrip(Bytes(100000, '\xff'));
}

// What is on disk and on the wire: these bytes may not change.
TEST(CodecTest, TheFormatIsAsDocumented) {
  EXPECT_EQ(Encode(std::uint32_t{0x7f}), "\x7f");
  EXPECT_EQ(Encode(std::uint32_t{300}), "\xac\x02");
  EXPECT_EQ(Encode(std::int32_t{-1}), "\x01");
  EXPECT_EQ(Encode(std::int32_t{1}), "\x02");
  EXPECT_EQ(Encode(std::numeric_limits<std::uint64_t>::max()),
            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(Encode(Bytes("abc")),
            "\x03"
            "abc");
  EXPECT_EQ(Encode(Fixed64{0x0102030405060708}), "\x08\x07\x06\x05\x04\x03\x02\x01");
  EXPECT_EQ(Encode(std::vector<std::uint32_t>{1, 300}), "\x02\x01\xac\x02");
  EXPECT_EQ(Encode(std::map<Bytes, bool>{{"k", true}}), "\x01\x01k\x01");
  EXPECT_EQ(Encode(Colour::kGreen), "\x01");
}

TEST(CodecTest, EveryPrefixIsCorrupt) {
  Random random(2);
  for (int i = 0; i < 200; ++i) {
    const Bytes whole = Encode(RandomEverything(random));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ExpectCorrupt<Everything>(ByteView(whole).substr(0, size));
    }
  }
}

TEST(CodecTest, BytesLeftOverAreCorrupt) {
  Random random(3);
  ExpectCorrupt<Everything>(Encode(RandomEverything(random)) + '\0');
  ExpectCorrupt<std::uint32_t>(ByteView("\x01\x01"));
}

TEST(CodecTest, NumbersTooLargeForTheirTypeAreCorrupt) {
  ExpectCorrupt<std::uint8_t>(Encode(std::uint32_t{256}));
  ExpectCorrupt<std::uint32_t>(Encode(std::uint64_t{1} << 32));
  ExpectCorrupt<bool>(ByteView("\x02"));
  ExpectCorrupt<std::int8_t>(Encode(std::int32_t{128}));
  ExpectCorrupt<std::int8_t>(Encode(std::int32_t{-129}));
  ExpectCorrupt<Colour>(Encode(std::uint32_t{256}));
}

TEST(CodecTest, VarintsThatAreTooLongAreCorrupt) {
  ExpectCorrupt<std::uint64_t>(Bytes(9, '\x80') + '\x02');          // bit 64
  ExpectCorrupt<std::uint64_t>(Bytes(10, '\x80') + '\x01');         // an eleventh byte
  ExpectCorrupt<std::uint64_t>(Bytes(1000, '\x80'));                // no end
  ExpectCorrupt<Bytes>(Bytes(9, '\xff') + '\x01' + Bytes(5, 'a'));  // length 2^64 - 1
}

TEST(CodecTest, AnUnknownAlternativeOfAVariantIsCorrupt) {
  using Either = std::variant<std::uint32_t, Bytes>;
  ExpectRoundTrip(Either(Bytes("a")));
  ExpectCorrupt<Either>(Encode(std::int32_t{2}) + '\0');
  ExpectCorrupt<Either>(Encode(std::int32_t{-1}) + '\0');
  ExpectCorrupt<Either>(Encode(std::numeric_limits<std::int32_t>::min()) + '\0');
}

// `bytes` claims 2^40 elements; the decoder may not believe it before they are there.
template <class T>
void ExpectNoAllocationFor(const Bytes& bytes) {
  largest_allocation = 0;
  const bool decoded = Decode<T>(bytes).has_value();
  const std::size_t largest = largest_allocation;
  EXPECT_FALSE(decoded);
  EXPECT_LT(largest, std::size_t{64} * 1024);
}

TEST(CodecTest, ALyingLengthAllocatesNothing) {
  const Bytes lie = Encode(std::uint64_t{1} << 40) + Bytes(100, '\x01');
  ExpectNoAllocationFor<Bytes>(lie);
  ExpectNoAllocationFor<std::vector<std::uint64_t>>(lie);
  ExpectNoAllocationFor<std::vector<Everything>>(lie);
  ExpectNoAllocationFor<std::map<Bytes, std::uint32_t>>(lie);
  ExpectNoAllocationFor<std::vector<Bytes>>(Encode(std::uint32_t{2}) + lie);
}

// A count that the remaining bytes could just pay for, though each element then needs more.
TEST(CodecTest, AnOptimisticLengthAllocatesOnlyWhatItsBytesFill) {
  const Bytes optimistic = Encode(std::uint64_t{1000}) + Bytes(1000, '\x7f');
  ExpectNoAllocationFor<std::vector<Everything>>(optimistic);
  ExpectNoAllocationFor<std::vector<std::vector<Inner>>>(optimistic);
}

TEST(CodecTest, RandomBytesNeverDoWorseThanCorrupt) {
  Random random(4);
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = RandomBytes(random) + RandomBytes(random);
    const Result<Everything> decoded = Decode<Everything>(bytes);
    if (decoded) continue;
    EXPECT_EQ(decoded.error().code, ErrorCode::kCorrupt);
  }
}

TEST(CodecTest, TheVersionByteIsInFront) {
  const Bytes bytes = EncodeVersioned(3, std::uint32_t{7});
  EXPECT_EQ(bytes, "\x03\x07");
  const Result<std::uint32_t> decoded = DecodeVersioned<std::uint32_t>(3, bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, 7U);
}

TEST(CodecTest, ANewerVersionIsUnsupportedAndAnOlderOrNoneIsCorrupt) {
  const Bytes bytes = EncodeVersioned(3, std::uint32_t{7});
  EXPECT_EQ(DecodeVersioned<std::uint32_t>(2, bytes).error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(DecodeVersioned<std::uint32_t>(4, bytes).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(DecodeVersioned<std::uint32_t>(3, "").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace meridian
