#include "io/rocksdb_options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace meridian::io {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

TEST(StaggeredBufferTest, NeighboursAreFullAtDifferentMoments) {
  constexpr std::uint32_t kRing = 5;
  for (std::uint32_t first = 1; first <= 200; ++first) {
    std::vector<std::size_t> sizes;
    for (std::uint32_t i = 0; i < kRing; ++i) sizes.push_back(StaggeredBufferBytes(first + i));
    std::ranges::sort(sizes);
    EXPECT_GE(sizes.front(), 32 * kMegabyte);
    EXPECT_LT(sizes.back(), 40 * kMegabyte);
    for (std::size_t i = 1; i < sizes.size(); ++i) {
      EXPECT_GE(sizes[i] - sizes[i - 1], kMegabyte) << "of " << first << " and four more";
    }
  }
}

}  // namespace
}  // namespace meridian::io
