#include "local/messages.h"

#include "base/tagged.h"

namespace meridian::local {

Bytes Pack(const RingMessage& message) {
  return PackVariant<0>(message);
}

Result<RingMessage> UnpackRingMessage(ByteView body) {
  Result<RingMessage> message = UnpackVariant<0, RingMessage>(body);
  // A layout has maps, and a map has one form only.
  const bool has_maps = message && (std::holds_alternative<ViewTold>(*message) ||
                                    std::holds_alternative<LayoutTold>(*message));
  if (has_maps && Pack(*message) != body) return Fail(ErrorCode::kCorrupt, "not in order");
  return message;
}

}  // namespace meridian::local
