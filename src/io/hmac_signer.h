// Signs context tokens: HMAC-SHA256, its first 64 bits.
//
// The secret is a file that all regions share (`openssl rand -hex 32 > secret; chmod 600 secret`).
// The two states of SHA-256 that depend only on the key are computed once, so a signature allocates
// nothing and Sign may be called from any thread. 64 bits: a forged token is tried online, one
// request each, and gains a client only wrong contexts of its own keys.

#pragma once

#include <memory>
#include <string>

#include "base/ports.h"

namespace meridian::io {

class HmacSigner final : public Signer {
 public:
  static constexpr std::size_t kShortestSecret = 16;

  // A line break at the end does not count. kInvalidArgument: too short, or others may read it.
  static Result<std::unique_ptr<HmacSigner>> FromFile(const std::string& path);
  // Requires at least kShortestSecret bytes.
  explicit HmacSigner(ByteView secret);
  ~HmacSigner() override;

  std::uint64_t Sign(ByteView bytes) const override;

 private:
  struct Keyed;
  std::unique_ptr<const Keyed> keyed_;
};

}  // namespace meridian::io
