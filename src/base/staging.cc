#include "base/staging.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace meridian {
namespace {

constexpr std::size_t kSlotsMin = 64;

std::uint32_t ShortHashOf(ByteView key) {
  return static_cast<std::uint32_t>(HashOf(key));
}

}  // namespace

std::optional<std::size_t> Staging::Find(const std::vector<Write>& writes, ByteView key) const {
  if (used_.empty()) return std::nullopt;
  const Slot& slot = slots_[SlotOf(writes, key, ShortHashOf(key))];
  return slot.place == 0 ? std::nullopt : std::optional<std::size_t>(slot.place - 1);
}

std::size_t Staging::FindOrAdd(const std::vector<Write>& writes, ByteView key, std::size_t next) {
  MERIDIAN_CHECK(next < UINT32_MAX);
  if (2 * (used_.size() + 1) > slots_.size()) Grow();
  const std::uint32_t hash = ShortHashOf(key);
  const std::size_t at = SlotOf(writes, key, hash);
  if (slots_[at].place != 0) return slots_[at].place - 1;
  slots_[at] = {hash, static_cast<std::uint32_t>(next + 1)};
  used_.push_back(static_cast<std::uint32_t>(at));
  return next;
}

std::size_t Staging::SlotOf(const std::vector<Write>& writes, ByteView key,
                            std::uint32_t hash) const {
  std::size_t at = FirstSlot(hash);
  const auto is_other = [&](const Slot& slot) {
    return slot.place != 0 && (slot.hash != hash || writes[slot.place - 1].key != key);
  };
  while (is_other(slots_[at])) at = Next(at);
  return at;
}

void Staging::Put(Slot filled) {
  std::size_t at = FirstSlot(filled.hash);
  while (slots_[at].place != 0) at = Next(at);
  slots_[at] = filled;
  used_.push_back(static_cast<std::uint32_t>(at));
}

void Staging::Grow() {
  const std::vector<Slot> old =
      std::exchange(slots_, std::vector<Slot>(std::max(kSlotsMin, 2 * slots_.size())));
  used_.clear();
  for (const Slot& slot : old) {
    if (slot.place != 0) Put(slot);
  }
}

void Staging::Clear() {
  for (const std::uint32_t slot : used_) slots_[slot] = {};
  used_.clear();
  sorted_.clear();
}

std::vector<std::uint32_t> Staging::Between(const std::vector<Write>& writes, ByteView from,
                                            ByteView to) const {
  if (sorted_.size() != used_.size()) Sort(writes);
  const auto key_of = [&](std::uint32_t place) -> ByteView { return writes[place].key; };
  const auto begin = std::ranges::lower_bound(sorted_, from, {}, key_of);
  const auto end = to.empty() ? sorted_.end() : std::ranges::lower_bound(sorted_, to, {}, key_of);
  return begin < end ? std::vector<std::uint32_t>(begin, end) : std::vector<std::uint32_t>();
}

void Staging::Sort(const std::vector<Write>& writes) const {
  sorted_.clear();
  for (const std::uint32_t slot : used_) sorted_.push_back(slots_[slot].place - 1);
  std::ranges::sort(sorted_, {},
                    [&](std::uint32_t place) -> ByteView { return writes[place].key; });
}

}  // namespace meridian
