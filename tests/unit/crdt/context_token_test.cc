#include "crdt/context_token.h"

#include <gtest/gtest.h>

#include "base/base64url.h"

namespace meridian::crdt {
namespace {

constexpr Actor kA = Actor::Of({1}, {1}, 1);

// Not a signature, but another secret gives another number.
class SeededSigner final : public Signer {
 public:
  explicit SeededSigner(std::uint64_t secret) : secret_(secret) {}
  std::uint64_t Sign(ByteView bytes) const override { return HashOf(bytes, secret_); }

 private:
  std::uint64_t secret_;
};

const SeededSigner kSigner(42);
const RowKey kKey{{1}, {2}, "cart", ""};

ContextToken Read() {
  ContextToken token;
  token.context.Add({kA, 9});
  token.stamp = {1234567890};
  token.own = Dot{kA, 11};
  return token;
}

// A token whose signature is right and whose content is what a client would like it to be.
Bytes Forged(Bytes content) {
  EncodeTo(content, Fixed64{kSigner.Sign(content)});
  return ToBase64Url(content);
}

TEST(ContextTokenTest, OpensToWhatWasSealed) {
  const Result<ContextToken> opened = OpenToken(SealToken(Read(), kKey, kSigner), kKey, kSigner);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->context, Read().context);
  EXPECT_EQ(opened->stamp, Read().stamp);
  EXPECT_EQ(opened->own, Read().own);
}

TEST(ContextTokenTest, OpensInEveryPlacementAndForEveryElementOfItsKey) {
  const RowKey element{{9}, {2}, "cart", "milk"};
  EXPECT_TRUE(OpenToken(SealToken(Read(), kKey, kSigner), element, kSigner));
}

TEST(ContextTokenTest, IsBoundToItsKeyAndNamespace) {
  const Bytes text = SealToken(Read(), kKey, kSigner);
  EXPECT_FALSE(OpenToken(text, RowKey{{1}, {2}, "cart2", ""}, kSigner));
  EXPECT_FALSE(OpenToken(text, RowKey{{1}, {3}, "cart", ""}, kSigner));
}

TEST(ContextTokenTest, AnotherSecretDoesNotOpenIt) {
  EXPECT_FALSE(OpenToken(SealToken(Read(), kKey, kSigner), kKey, SeededSigner(43)));
}

TEST(ContextTokenTest, NoByteCanBeChangedAndNoneLeftOut) {
  const Bytes sealed = FromBase64Url(SealToken(Read(), kKey, kSigner)).value();
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(OpenToken(ToBase64Url(changed), kKey, kSigner)) << i;
    EXPECT_FALSE(OpenToken(ToBase64Url(sealed.substr(0, i)), kKey, kSigner)) << i;
  }
}

TEST(ContextTokenTest, TellsTheClientWhatToDo) {
  const Result<ContextToken> opened = OpenToken("not a token", kKey, kSigner);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(opened.error().message.find("read the key again"), std::string::npos);
}

TEST(ContextTokenTest, RefusesEveryShortText) {
  for (std::size_t size = 0; size < 40; ++size) {
    EXPECT_FALSE(OpenToken(Bytes(size, 'A'), kKey, kSigner));
  }
}

TEST(ContextTokenTest, RefusesALongTextBeforeDecodingIt) {
  EXPECT_FALSE(OpenToken(Bytes(std::size_t{1} << 20, 'A'), kKey, kSigner));
}

TEST(ContextTokenTest, RefusesAnotherVersionAndContentThatIsNotOne) {
  const Bytes sealed = FromBase64Url(SealToken(Read(), kKey, kSigner)).value();
  Bytes content = sealed.substr(0, sealed.size() - 8);
  EXPECT_TRUE(OpenToken(Forged(content), kKey, kSigner));
  EXPECT_FALSE(OpenToken(Forged(content + '\0'), kKey, kSigner));
  EXPECT_FALSE(OpenToken(Forged(content.substr(0, 9)), kKey, kSigner));
  EXPECT_FALSE(OpenToken(Forged(""), kKey, kSigner));
  content[0] = 2;
  EXPECT_FALSE(OpenToken(Forged(content), kKey, kSigner));
}

}  // namespace
}  // namespace meridian::crdt
