#include "wan/messages.h"

#include "base/tagged.h"

namespace meridian::wan {
namespace {

constexpr std::uint8_t kFirstTag = 64;

}  // namespace

Bytes Pack(const WanMessage& message) {
  return PackVariant<kFirstTag>(message);
}

Result<WanMessage> UnpackWanMessage(ByteView body) {
  return UnpackVariant<kFirstTag, WanMessage>(body);
}

}  // namespace meridian::wan
