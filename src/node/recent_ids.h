// Which numbered messages of each process were met lately: a repeated one is recognized.
//
//     Insert(1.2, 7) true    Insert(1.2, 9) true    Insert(1.2, 7) false
//
// A sender's numbers rise, also over its restarts, so what is far below its latest counts as met.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>

#include "base/ids.h"

namespace meridian::node {

class RecentIds {
 public:
  // False when this id of the sender was met before, or is too old to tell.
  bool Insert(ProcessId from, std::uint64_t id) {
    Sender& sender = senders_[from];
    if (id <= sender.floor || !sender.ids.insert(id).second) return false;
    if (sender.ids.size() > kKept) {
      sender.floor = *sender.ids.begin();
      sender.ids.erase(sender.ids.begin());
    }
    return true;
  }

 private:
  static constexpr std::size_t kKept = 8192;

  struct Sender {
    std::uint64_t floor = 0;
    std::set<std::uint64_t> ids;
  };
  std::map<ProcessId, Sender> senders_;
};

}  // namespace meridian::node
