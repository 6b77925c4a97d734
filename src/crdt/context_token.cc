#include "crdt/context_token.h"

#include "base/base64url.h"

namespace meridian::crdt {
namespace {

constexpr std::uint8_t kTokenVersion = 1;
// A context of every actor that could plausibly exist; more is an attack on the decoder.
constexpr std::size_t kTokenBytesMax = 64 * 1024;

struct Content {
  Fixed64 key_digest;
  Stamp stamp;
  Context context;
  std::optional<Dot> own;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(key_digest, stamp, context, own);
  }
};

Fixed64 DigestOf(const RowKey& key) {
  return {HashOf(key.key, key.space.value ^ 0x746f6b656eULL)};
}

}  // namespace

Bytes SealToken(const ContextToken& token, const RowKey& key, const Signer& signer) {
  Bytes sealed =
      EncodeVersioned(kTokenVersion, Content{DigestOf(key), token.stamp, token.context, token.own});
  EncodeTo(sealed, Fixed64{signer.Sign(sealed)});
  return ToBase64Url(sealed);
}

Result<ContextToken> OpenToken(ByteView text, const RowKey& key, const Signer& signer) {
  const auto refuse = [](const char* why) {
    return Fail(ErrorCode::kInvalidArgument,
                std::string("context ") + why + "; read the key again and use the context you get");
  };
  if (text.size() > kTokenBytesMax) return refuse("is too long");
  const std::optional<Bytes> sealed = FromBase64Url(text);
  if (!sealed || sealed->size() < 8) return refuse("is not one that a region has given out");
  const ByteView signed_part = ByteView(*sealed).substr(0, sealed->size() - 8);
  const Result<Fixed64> signature = Decode<Fixed64>(ByteView(*sealed).substr(signed_part.size()));
  if (!signature || signature->value != signer.Sign(signed_part)) {
    return refuse("is damaged or was signed with another secret");
  }
  Result<Content> content = DecodeVersioned<Content>(kTokenVersion, signed_part);
  if (!content) return refuse("has an unknown format");
  if (content->key_digest != DigestOf(key)) return refuse("belongs to another key");
  return ContextToken{std::move(content->context), content->stamp, content->own};
}

}  // namespace meridian::crdt
