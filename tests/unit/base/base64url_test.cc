#include "base/base64url.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/random.h"

namespace meridian {
namespace {

TEST(Base64UrlTest, EncodesTheVectorsOfRfc4648WithoutPadding) {
  const std::vector<std::pair<Bytes, Bytes>> vectors = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(ToBase64Url(bytes), text);
    EXPECT_EQ(FromBase64Url(text), bytes) << text;
  }
}

TEST(Base64UrlTest, UsesTheUrlSafeLetters) {
  EXPECT_EQ(ToBase64Url("\xfb\xff\xbf"), "-_-_");
  EXPECT_EQ(FromBase64Url("-_-_"), "\xfb\xff\xbf");
}

TEST(Base64UrlTest, AnyBytesSurvive) {
  Random random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes;
    while (bytes.size() < size) bytes.push_back(static_cast<char>(random.Below(256)));
    EXPECT_EQ(FromBase64Url(ToBase64Url(bytes)), bytes);
  }
}

TEST(Base64UrlTest, RefusesWhatIsNotTheOneEncoding) {
  EXPECT_FALSE(FromBase64Url("A"));      // six bits are no byte
  EXPECT_FALSE(FromBase64Url("AAAAA"));  // nor are six bits after three bytes
  EXPECT_FALSE(FromBase64Url("Zh"));     // "f" with a bit left over that is not zero
  EXPECT_FALSE(FromBase64Url("Zm9"));    // "fo" likewise
  EXPECT_FALSE(FromBase64Url("Zg=="));   // padding
  EXPECT_FALSE(FromBase64Url("Zm+v"));   // the letters of plain base64
  EXPECT_FALSE(FromBase64Url("Zm/v"));
  EXPECT_FALSE(FromBase64Url("Zm9v\n"));
  EXPECT_FALSE(FromBase64Url(ByteView("Zm\0v", 4)));
  EXPECT_FALSE(FromBase64Url("Zm\xffv"));
}

}  // namespace
}  // namespace meridian
