#include "local/acks.h"

#include <algorithm>
#include <utility>

namespace meridian::local {

void Acks::Add(ProcessId to, std::uint64_t id, BatchId after) {
  after = turn_.Unless(after);
  const auto same = std::ranges::find_if(
      gathered_, [&](const Gathered& one) { return one.to == to && one.after == after; });
  if (same != gathered_.end()) return same->ack.ids.push_back(id);
  gathered_.push_back({to, after, {{id}}});
}

void Acks::Send() {
  for (const Gathered& one : std::exchange(gathered_, {})) {
    turn_.Send(one.to, Pack(one.ack), one.after);
  }
}

}  // namespace meridian::local
