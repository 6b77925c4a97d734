#include "io/base64.h"

#include <gtest/gtest.h>

namespace meridian::io {
namespace {

TEST(Base64Test, GivesTheVectorsOfRfc4648) {
  const std::pair<Bytes, std::string> cases[] = {{"", ""},
                                                 {"f", "Zg=="},
                                                 {"fo", "Zm8="},
                                                 {"foo", "Zm9v"},
                                                 {"foob", "Zm9vYg=="},
                                                 {"fooba", "Zm9vYmE="},
                                                 {"\xff\xfe\xfb", "//77"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    const Result<Bytes> back = DecodeBase64(text);
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(*back, bytes);
  }
}

TEST(Base64Test, EveryByteAndLengthComesBack) {
  Bytes bytes;
  for (int i = 0; i < 300; ++i) {
    bytes.push_back(static_cast<char>(i * 7));
    ASSERT_EQ(*DecodeBase64(EncodeBase64(bytes)), bytes) << i;
  }
}

TEST(Base64Test, RefusesWhatIsNotBase64) {
  for (const char* text : {"Z", "Zg=", "Zm9vY", "Zm 9v", "Zm9v\n", "=", "====", "A=BC",
                           "Zg==Zg==", "Zm9-", "Z*9v", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(DecodeBase64(text)) << text;
  }
  EXPECT_EQ(*DecodeBase64("Zg"), "f");
  EXPECT_FALSE(DecodeBase64(ByteView("Zm9\0", 4)));
}

}  // namespace
}  // namespace meridian::io
