#include "base/utf8.h"

#include <gtest/gtest.h>

namespace meridian {
namespace {

TEST(Utf8Test, TextOfAllLengthsIsTaken) {
  const Bytes text =
      "a\n\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
  EXPECT_EQ(Utf8Prefix(text), text.size());
  EXPECT_EQ(Utf8Prefix(""), 0U);
}

TEST(Utf8Test, StopsAtWhatIsNone) {
  EXPECT_EQ(Utf8Prefix("Z\xfcrich"), 1U) << "Latin-1";
  EXPECT_EQ(Utf8Prefix("ab\xc3"), 2U) << "cut short";
  EXPECT_EQ(Utf8Prefix("\xe2\x82z"), 0U);
  EXPECT_EQ(Utf8Prefix("a\x80"), 1U) << "no beginning";
  EXPECT_EQ(Utf8Prefix("\xc1\x81"), 0U) << "overlong";
  EXPECT_EQ(Utf8Prefix("\xe0\x9f\x80"), 0U) << "overlong";
  EXPECT_EQ(Utf8Prefix("\xf0\x8f\x80\x80"), 0U) << "overlong";
  EXPECT_EQ(Utf8Prefix("\xed\xa0\x80"), 0U) << "a surrogate";
  EXPECT_EQ(Utf8Prefix("\xf4\x90\x80\x80"), 0U) << "past the last character";
  EXPECT_EQ(Utf8Prefix("\xf8\x88\x80\x80\x80"), 0U);
}

}  // namespace
}  // namespace meridian
