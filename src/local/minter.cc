#include "local/minter.h"

#include <algorithm>

#include "base/fail_stop.h"

namespace meridian::local {
namespace {

constexpr ByteView kIncarnationKey = "incarnation";
constexpr std::uint8_t kIncarnationVersion = 1;
// Numbers that one start may skip. At a start every minute they last for more than three years.
constexpr std::uint64_t kStepsMost = 2048;

std::uint32_t SecondsOf(WallTime wall) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wall.time_since_epoch());
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds.count(), 0, UINT32_MAX / 2));
}

}  // namespace

void Minter::Load() {
  const auto stored = OrStop(turn_.Get(Column::kMeta, kIncarnationKey));
  if (stored) incarnation_ = OrStop(DecodeVersioned<std::uint32_t>(kIncarnationVersion, *stored));
}

void Minter::Begin(WallTime now, std::uint32_t known, std::uint64_t chance) {
  incarnation_ = std::max({incarnation_, known, SecondsOf(now)});
  incarnation_ += static_cast<std::uint32_t>(chance % kStepsMost);
  start_ = Draw(TermKind::kPrimary);
  renewed_.clear();
  minted_.clear();
}

Minter::Term Minter::Draw(TermKind kind) {
  MERIDIAN_CHECK(incarnation_ < UINT32_MAX);
  ++incarnation_;
  turn_.Put(Column::kMeta, Bytes(kIncarnationKey),
            EncodeVersioned(kIncarnationVersion, incarnation_));
  return {Actor::Of(ring_.self().region, {ring_.self().number}, incarnation_), turn_.Open(), kind};
}

const Minter::Term& Minter::TermOf(PartitionKey key) const {
  const auto renewed = renewed_.find(key);
  return renewed == renewed_.end() ? start_ : renewed->second;
}

crdt::Dot Minter::Mint(PartitionKey key) {
  MERIDIAN_CHECK(MayMint(key));
  return {TermOf(key).actor, ++minted_[key]};
}

void Minter::Renew(PartitionKey key, TermKind kind) {
  renewed_[key] = Draw(kind);
  minted_.erase(key);
}

void Minter::EndStandIn(PartitionKey key) {
  const auto term = renewed_.find(key);
  if (term == renewed_.end() || term->second.kind != TermKind::kStandIn) return;
  term->second.kind = TermKind::kEnded;
}

}  // namespace meridian::local
