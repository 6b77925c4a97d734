#include "io/base64.h"

#include <openssl/evp.h>

#include <algorithm>
#include <limits>

namespace meridian::io {
namespace {

// OpenSSL counts in int; nothing that large gets past the limits on requests.
constexpr std::size_t kInputMax = std::numeric_limits<int>::max() / 2;

bool IsAlphanumeric(char letter) {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
         (letter >= '0' && letter <= '9');
}

// EVP_DecodeBlock trims and takes '=' anywhere, so what it gets is checked first.
}  // namespace

Result<Bytes> DecodeBase64(ByteView text) {
  if (text.size() > kInputMax) return Fail(ErrorCode::kInvalidArgument, "too long for base64");
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  const bool known = std::all_of(text.begin(), text.end(), [&](char letter) {
    return IsAlphanumeric(letter) || letter == '+' || letter == '/';
  });
  if (!known || text.size() % 4 == 1) return Fail(ErrorCode::kInvalidArgument, "not base64");

  std::string padded(text);
  const std::size_t padding = (4 - text.size() % 4) % 4;
  padded.append(padding, '=');
  Bytes bytes(padded.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(padded.data()),
                                   static_cast<int>(padded.size()));
  if (size < 0) return Fail(ErrorCode::kInvalidArgument, "not base64");
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string EncodeBase64(ByteView bytes) {
  MERIDIAN_CHECK(bytes.size() <= kInputMax);
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero byte
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace meridian::io
