#include "local/messages.h"

#include "base/tagged.h"

namespace meridian::local {

Bytes Pack(const RingMessage& message) { return PackVariant(message); }

Result<RingMessage> UnpackRingMessage(ByteView body) { return UnpackVariant<RingMessage>(body); }

}  // namespace meridian::local
