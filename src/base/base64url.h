// Base64 with the URL-safe alphabet and no padding (RFC 4648, section 5), for context tokens.

#pragma once

#include <optional>

#include "base/bytes.h"

namespace meridian {

Bytes ToBase64Url(ByteView bytes);

// Nothing when `text` is not the one encoding of any bytes.
std::optional<Bytes> FromBase64Url(ByteView text);

}  // namespace meridian
