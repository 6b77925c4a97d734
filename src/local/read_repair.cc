#include "local/read_repair.h"

namespace meridian::local {
namespace {

constexpr std::size_t kRepairsMax = 1024;
constexpr std::size_t kBytesMax = std::size_t{16} << 20;

}  // namespace

void ReadRepair::Later(Instant now, const crdt::RowKey& key, const crdt::Row& row,
                       std::vector<NodeId> stale) {
  if (stale.empty()) return;
  if (queue_.size() >= kRepairsMax || bytes_ >= kBytesMax) {
    counters_.dropped += stale.size();
    return;
  }
  // The turn that answers is the present one.
  if (queue_.empty()) due_ = now + Duration(1);
  queue_.push_back({{key, row, {}}, std::move(stale)});
  bytes_ += queue_.back().update.ApproximateBytes();
}

void ReadRepair::Tick(Instant now) {
  if (now < NextDeadline()) return;
  for (Repair& repair : std::exchange(queue_, {})) {
    Replicate message;  // id 0: no ack is wanted
    message.rows.push_back(std::move(repair.update));
    const Bytes body = Pack(message);
    for (const NodeId node : repair.stale) {
      ++counters_.repaired;
      if (node.value == ring_.self().number) {
        // On a full disk the row stays as it is, until catch-up finds it again.
        if (!replica_.IsReadOnly()) replica_.Apply(message.rows.front());
      } else {
        turn_.Send(ring_.Process(node), body);
      }
    }
  }
  bytes_ = 0;
}

}  // namespace meridian::local
