#include "sim/epoch_checker.h"

#include "base/codec.h"
#include "base/fail_stop.h"
#include "base/hash.h"
#include "local/view.h"

namespace meridian::sim {
namespace {

const Bytes kViewKey = "view";

local::View ViewIn(ByteView stored) {
  return OrStop(DecodeVersioned<local::View>(1, stored));
}

}  // namespace

void EpochChecker::OnRestart(ProcessId process, const SimStorage& disk) {
  const auto stored = OrStop(disk.Get(Column::kMeta, kViewKey));
  last_[process] = stored ? ViewIn(*stored).number : 0;
}

void EpochChecker::OnApplied(ProcessId process, const WriteBatch& batch) {
  for (const Write& write : batch.writes) {
    if (write.column != Column::kMeta || write.key != kViewKey || !write.value) continue;
    const local::View view = ViewIn(*write.value);
    const Stored stored{HashOf(*write.value), view.layout.epoch().value};
    const std::string name = "view " + std::to_string(view.number) + " at " + ToString(process);
    const std::uint64_t layout = HashOf(Encode(view.layout));
    if (layouts_.emplace(stored.epoch, layout).first->second != layout) {
      violations_.Add(name + " has another layout of epoch " + std::to_string(stored.epoch) +
                      " than others");
    }
    std::uint64_t& last = last_[process];
    if (view.number < last) violations_.Add(name + " is stored over " + std::to_string(last));
    last = view.number;
    auto& views = views_[process.region];
    const auto [known, is_new] = views.emplace(view.number, stored);
    if (known->second.hash != stored.hash) violations_.Add(name + " is not what others have");
    if (!is_new) continue;
    if (known != views.begin() && std::prev(known)->second.epoch > stored.epoch) {
      violations_.Add(name + " goes back to an earlier epoch");
    }
    if (std::next(known) != views.end() && std::next(known)->second.epoch < stored.epoch) {
      violations_.Add(name + " is of a later epoch than the view after it");
    }
  }
}

}  // namespace meridian::sim
