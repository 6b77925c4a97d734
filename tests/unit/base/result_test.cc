#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace meridian {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Fail(ErrorCode::kInvalidArgument, std::to_string(number) + " is odd");
  return number / 2;
}

Result<std::string> HalfAsText(int number) {
  const Result<int> half = Half(number);
  if (!half) return half.failure();
  return std::to_string(*half);
}

TEST(ResultTest, HoldsAValueOrAnError) {
  const Result<int> good = Half(4);
  ASSERT_TRUE(good);
  EXPECT_TRUE(good.has_value());
  EXPECT_EQ(*good, 2);

  const Result<int> bad = Half(3);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(bad.error().message, "3 is odd");
}

TEST(ResultTest, AFailurePassesThroughAnotherType) {
  EXPECT_EQ(*HalfAsText(4), "2");
  EXPECT_EQ(HalfAsText(3).error().message, "3 is odd");
}

TEST(ResultTest, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(5);
  ASSERT_TRUE(made);
  const std::unique_ptr<int> taken = std::move(*made);
  EXPECT_EQ(*taken, 5);
}

TEST(ResultTest, AValueMayLookLikeAnErrorMessage) {
  const Result<std::string> text = std::string("failed");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->size(), 6U);
}

TEST(ResultTest, DoneIsSuccessWithoutAValue) {
  const Result<Done> done = Done{};
  EXPECT_TRUE(done);
  const Result<Done> failed = Fail(ErrorCode::kIo, "disk");
  EXPECT_FALSE(failed);
}

TEST(ResultDeathTest, AskingForWhatIsNotThereIsABug) {
  const Result<int> good = 1;
  const Result<int> bad = Fail(ErrorCode::kIo, "disk");
  EXPECT_DEATH(static_cast<void>(bad.value()), "check failed");
  EXPECT_DEATH(static_cast<void>(good.error()), "check failed");
}

}  // namespace
}  // namespace meridian
