// Values that are not text, inside JSON (RFC 4648; OpenSSL does the work). Context tokens are
// written with base/base64url instead.
//
//     EncodeBase64("\xff\xfe")  "//4="
//
// Decoding is strict: a character outside the alphabet (white space too) or padding in the wrong
// place is kInvalidArgument. The padding may be left out.

#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace meridian::io {

std::string EncodeBase64(ByteView bytes);
Result<Bytes> DecodeBase64(ByteView text);

}  // namespace meridian::io
