// Seeded randomness (xoshiro256**), one generator an owner, handed down by reference.
//
// The standard distributions differ between libraries, so the ones needed are here: a seed gives
// the same run on every machine. Not for secrets. Source: Blackman and Vigna, "Scrambled linear
// pseudorandom number generators", 2021.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"

namespace meridian {

class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t Next();

  // Even over [0, bound). Requires bound > 0.
  std::uint64_t Below(std::uint64_t bound);

  // Even over [low, high]. Requires low <= high.
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) {
    MERIDIAN_CHECK(low <= high);
    return high - low == UINT64_MAX ? Next() : low + Below(high - low + 1);
  }

  // True once in `n` calls on average; never for n == 0.
  bool OneIn(std::uint64_t n) { return n != 0 && Below(n) == 0; }

  // True with this probability.
  bool Chance(double probability) { return NextUnit() < probability; }

  // Even over [0, 1).
  double NextUnit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

  template <class T>
  void Shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }

  // Requires !items.empty().
  template <class T>
  const T& Pick(const std::vector<T>& items) {
    return items[Below(items.size())];
  }

  // A generator whose run does not depend on how often this one is used afterwards.
  Random Fork() { return Random(Next()); }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace meridian
