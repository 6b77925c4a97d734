// What a run broke, as sentences; the first few are enough.

#pragma once

#include <string>
#include <utility>
#include <vector>

namespace meridian::sim {

class Violations {
 public:
  void Add(std::string what) {
    if (list_.size() < kKept) list_.push_back(std::move(what));
  }
  bool empty() const { return list_.empty(); }
  const std::vector<std::string>& list() const { return list_; }

 private:
  static constexpr std::size_t kKept = 8;
  std::vector<std::string> list_;
};

}  // namespace meridian::sim
