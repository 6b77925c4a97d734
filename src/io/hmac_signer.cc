#include "io/hmac_signer.h"

// The one-shot SHA-256 calls: their state is a plain struct that can be copied. The EVP interface
// allocates and copies a provider's context for every signature, several times as slow.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace meridian::io {
namespace {

constexpr std::size_t kBlock = SHA256_CBLOCK;
constexpr std::size_t kLongestFile = 4096;

using Block = std::array<unsigned char, kBlock>;

// SHA-256 after one block: the key, each byte xored with `pad` (RFC 2104).
SHA256_CTX StateAfter(const Block& key, unsigned char pad) {
  Block padded;
  for (std::size_t i = 0; i < kBlock; ++i) padded[i] = static_cast<unsigned char>(key[i] ^ pad);
  SHA256_CTX state;
  SHA256_Init(&state);
  SHA256_Update(&state, padded.data(), padded.size());
  OPENSSL_cleanse(padded.data(), padded.size());
  return state;
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Failure Unreadable(const std::string& path) {
  return Fail(ErrorCode::kIo, "cannot read secret file " + path + ": " + std::strerror(errno));
}

// At most kLongestFile + 1 bytes, from the very file that was checked.
Result<Bytes> ReadSecret(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return Unreadable(path);
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) return Unreadable(path);
  if (!S_ISREG(status.st_mode)) {
    return Fail(ErrorCode::kInvalidArgument, "secret file " + path + " is not a regular file");
  }
  if ((status.st_mode & S_IRWXO) != 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "secret file " + path + " is open to every user; run: chmod 600 " + path);
  }
  Bytes secret(kLongestFile + 1, '\0');
  const ssize_t size = ::read(file.fd, secret.data(), secret.size());
  if (size < 0) return Unreadable(path);
  secret.resize(static_cast<std::size_t>(size));
  return secret;
}

}  // namespace

struct HmacSigner::Keyed {
  SHA256_CTX inner;
  SHA256_CTX outer;
  ~Keyed() { OPENSSL_cleanse(this, sizeof *this); }
};

HmacSigner::HmacSigner(ByteView secret) {
  MERIDIAN_CHECK(secret.size() >= kShortestSecret);
  Block key{};
  if (secret.size() > kBlock) {
    SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), key.data());
  } else {
    std::memcpy(key.data(), secret.data(), secret.size());
  }
  keyed_.reset(new Keyed{StateAfter(key, 0x36), StateAfter(key, 0x5c)});
  OPENSSL_cleanse(key.data(), key.size());
}

HmacSigner::~HmacSigner() = default;

Result<std::unique_ptr<HmacSigner>> HmacSigner::FromFile(const std::string& path) {
  Result<Bytes> secret = ReadSecret(path);
  if (!secret) return secret.failure();
  while (!secret->empty() && (secret->back() == '\n' || secret->back() == '\r')) {
    secret->pop_back();
  }
  if (secret->size() > kLongestFile || secret->size() < kShortestSecret) {
    return Fail(ErrorCode::kInvalidArgument, "secret file " + path + " must hold at least " +
                                                 std::to_string(kShortestSecret) +
                                                 " bytes, at most " + std::to_string(kLongestFile) +
                                                 "; make one with: openssl rand -hex 32 > " + path);
  }
  auto signer = std::make_unique<HmacSigner>(*secret);
  OPENSSL_cleanse(secret->data(), secret->size());
  return signer;
}

std::uint64_t HmacSigner::Sign(ByteView bytes) const {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256_CTX state = keyed_->inner;
  SHA256_Update(&state, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &state);
  state = keyed_->outer;
  SHA256_Update(&state, digest.data(), digest.size());
  SHA256_Final(digest.data(), &state);

  std::uint64_t signature = 0;
  for (std::size_t i = 0; i < sizeof signature; ++i) signature = signature << 8 | digest[i];
  return signature;
}

}  // namespace meridian::io
