#include "sim/trace.h"

namespace meridian::sim {
namespace {

std::string Padded(std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

}  // namespace

void Trace::Add(Instant at, const std::string& what) {
  const std::int64_t micros = at.time_since_epoch().count() % 3'600'000'000;
  const std::string line =
      std::to_string(micros / 1'000'000) + '.' + Padded(micros % 1'000'000, 6) + ' ' + what;
  hash_ = HashOf(line, hash_);
  ++lines_;
  if (show_) show_(line);
}

std::string Hex(std::uint64_t number) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4) text[i] = "0123456789abcdef"[number & 15];
  return text;
}

}  // namespace meridian::sim
