// Which rows changed since the last sync, roughly: a read that shows one waits for its batch.
//
//     slot[token % 16384] = last batch that wrote a row of that slot
//
// May name a batch for a row that did not change (two tokens in one slot), which costs that read
// the rest of a sync; never misses one that did. Nothing to clean up: old batches are durable.

#pragma once

#include <cstddef>
#include <vector>

#include "base/ids.h"

namespace meridian::local {

class DirtyFilter {
 public:
  void Mark(Token token, BatchId batch) { slots_[SlotOf(token)] = batch; }
  BatchId LastWrite(Token token) const { return slots_[SlotOf(token)]; }

 private:
  static constexpr std::size_t kSlots = 16384;
  static std::size_t SlotOf(Token token) { return token.value % kSlots; }

  std::vector<BatchId> slots_ = std::vector<BatchId>(kSlots);
};

}  // namespace meridian::local
