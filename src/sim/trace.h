// What happened in a run, a line an event. Two runs of a seed must leave the same hash.
//
//     4.120386 1.2 > 1.3 replicate 118 bytes 9f2c66d01b3a5e77
//
// Lines are always made and hashed; they are kept, or shown as they come, only when asked for.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/hash.h"
#include "base/time.h"

namespace meridian::sim {

class Trace {
 public:
  using Show = std::function<void(const std::string&)>;

  explicit Trace(Show show = nullptr) : show_(std::move(show)) {}

  void Add(Instant at, const std::string& what);
  // Shown only: what would cost too much to put in words at every run.
  bool is_shown() const { return show_ != nullptr; }
  void Note(const std::string& what) const { show_("    " + what); }

  std::uint64_t hash() const { return hash_; }
  std::uint64_t lines() const { return lines_; }

 private:
  Show show_;
  std::uint64_t hash_ = 0;
  std::uint64_t lines_ = 0;
};

// Sixteen hexadecimal digits.
std::string Hex(std::uint64_t number);

}  // namespace meridian::sim
