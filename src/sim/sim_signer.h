// The secret that all simulated regions share; as good as any while nobody in here forges tokens.

#pragma once

#include "base/hash.h"
#include "base/ports.h"

namespace meridian::sim {

class SimSigner final : public Signer {
 public:
  std::uint64_t Sign(ByteView bytes) const override { return HashOf(bytes, 0x7365637265742121); }
};

}  // namespace meridian::sim
