// How much of some bytes is UTF-8 text: RFC 3629, so no overlong forms, no surrogates, nothing past
// U+10FFFF.
//
//     Utf8Prefix("Z\xc3\xbcrich")  7: all of it       Utf8Prefix("Z\xfcrich")  1

#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace meridian {

// The length of the longest prefix that is.
std::size_t Utf8Prefix(ByteView bytes);

}  // namespace meridian
