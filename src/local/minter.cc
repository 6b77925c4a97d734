#include "local/minter.h"

#include "base/fail_stop.h"

namespace meridian::local {
namespace {

constexpr ByteView kIncarnationKey = "incarnation";
constexpr std::uint8_t kIncarnationVersion = 1;

}  // namespace

void Minter::Start() {
  const auto stored = OrStop(turn_.Get(Column::kMeta, kIncarnationKey));
  if (stored) incarnation_ = OrStop(DecodeVersioned<std::uint32_t>(kIncarnationVersion, *stored));
  start_ = Draw();
}

Minter::Term Minter::Draw() {
  ++incarnation_;
  turn_.Put(Column::kMeta, Bytes(kIncarnationKey),
            EncodeVersioned(kIncarnationVersion, incarnation_));
  return {Actor::Of(ring_.self().region, {ring_.self().number}, incarnation_), turn_.Open()};
}

const Minter::Term& Minter::TermOf(PartitionKey key) const {
  const auto renewed = renewed_.find(key);
  return renewed == renewed_.end() ? start_ : renewed->second;
}

crdt::Dot Minter::Mint(PartitionKey key) {
  MERIDIAN_CHECK(MayMint(key));
  return {TermOf(key).actor, ++minted_[key]};
}

void Minter::Renew(PartitionKey key) {
  renewed_[key] = Draw();
  minted_.erase(key);
}

}  // namespace meridian::local
