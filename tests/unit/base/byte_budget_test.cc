#include "base/byte_budget.h"

#include <gtest/gtest.h>

namespace meridian {
namespace {

TEST(ByteBudgetTest, GrantsUpToItsBoundAndAgainWhatWasGivenBack) {
  ByteBudget budget(100);
  auto first = budget.Take(60);
  EXPECT_TRUE(first);
  EXPECT_FALSE(budget.Take(41));
  {
    const auto second = budget.Take(40);
    EXPECT_TRUE(second);
    EXPECT_EQ(budget.used(), 100U);
  }
  EXPECT_EQ(budget.used(), 60U);
  first = {};
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_TRUE(budget.Take(100));
}

TEST(ByteBudgetTest, AShareThatMovesIsGivenBackOnce) {
  ByteBudget budget(100);
  auto first = budget.Take(60);
  auto second = std::move(first);
  EXPECT_TRUE(second);
  EXPECT_EQ(budget.used(), 60U);
  second = budget.Take(30);
  EXPECT_EQ(budget.used(), 30U);
}

TEST(ByteBudgetTest, WhoWantsLittleIsNotLockedOut) {
  ByteBudget budget(100, 8);
  const auto all = budget.Take(100);
  EXPECT_TRUE(budget.Take(8));
  EXPECT_FALSE(budget.Take(9));
}

}  // namespace
}  // namespace meridian
