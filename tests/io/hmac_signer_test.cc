#include "io/hmac_signer.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <filesystem>
#include <fstream>

#include "io/scratch_directory.h"

namespace meridian::io {
namespace {

std::uint64_t Reference(ByteView secret, ByteView bytes) {
  unsigned char digest[32];
  unsigned int size = 0;
  ::HMAC(::EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest, &size);
  std::uint64_t signature = 0;
  for (int i = 0; i < 8; ++i) signature = signature << 8 | digest[i];
  return signature;
}

TEST(HmacSignerTest, IsHmacSha256OfAnyLengthOfKeyAndText) {
  for (const std::size_t key_size : {16U, 63U, 64U, 65U, 200U}) {
    const HmacSigner signer(Bytes(key_size, 'k'));
    for (const std::size_t size : {0U, 1U, 55U, 56U, 64U, 1000U}) {
      EXPECT_EQ(signer.Sign(Bytes(size, 'x')), Reference(Bytes(key_size, 'k'), Bytes(size, 'x')));
    }
  }
}

// RFC 4231, test case 6: its key is longer than a block.
TEST(HmacSignerTest, AgreesWithTheRfc) {
  const HmacSigner signer(Bytes(131, '\xaa'));
  EXPECT_EQ(signer.Sign("Test Using Larger Than Block-Size Key - Hash Key First"),
            0x60e431591ee0b67fULL);
}

class SecretFileTest : public testing::Test {
 protected:
  std::string File(ByteView secret, std::filesystem::perms mode) {
    std::ofstream(path_) << secret;
    std::filesystem::permissions(path_, mode);
    return path_;
  }
  static constexpr auto kPrivate =
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;

  test::ScratchDirectory scratch_;
  std::string path_ = scratch_ / "secret";
};

TEST_F(SecretFileTest, ALineBreakAtTheEndDoesNotCount) {
  const auto signer = HmacSigner::FromFile(File("0123456789abcdef\n", kPrivate));
  ASSERT_TRUE(signer) << signer.error().message;
  EXPECT_EQ((*signer)->Sign("x"), HmacSigner("0123456789abcdef").Sign("x"));
}

TEST_F(SecretFileTest, AShortSecretIsRefused) {
  const auto signer = HmacSigner::FromFile(File("0123456789abcde\n", kPrivate));
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(signer.error().message.find("at least 16"), Bytes::npos) << signer.error().message;
}

TEST_F(SecretFileTest, AFileThatOthersMayReadIsRefusedWithTheCure) {
  const auto signer =
      HmacSigner::FromFile(File(Bytes(32, 's'), kPrivate | std::filesystem::perms::others_read));
  ASSERT_FALSE(signer);
  EXPECT_NE(signer.error().message.find("chmod 600 " + path_), Bytes::npos);
}

TEST_F(SecretFileTest, AMissingFileIsNamed) {
  const auto signer = HmacSigner::FromFile(path_);
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().code, ErrorCode::kIo);
  EXPECT_NE(signer.error().message.find(path_), Bytes::npos);
}

}  // namespace
}  // namespace meridian::io
