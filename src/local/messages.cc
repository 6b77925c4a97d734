#include "local/messages.h"

#include "base/tagged.h"

namespace meridian::local {

Bytes Pack(const RingMessage& message) {
  return PackVariant<0>(message);
}

Result<RingMessage> UnpackRingMessage(ByteView body) {
  return UnpackVariant<0, RingMessage>(body);
}

}  // namespace meridian::local
