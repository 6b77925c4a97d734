// The stored formats, byte for byte, against tests/golden: what was written once is read for ever.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "base/base64url.h"
#include "base/hash.h"
#include "crdt/context_token.h"
#include "crdt/row.h"
#include "crdt/row_key.h"
#include "crdt/seen_vector.h"

namespace meridian::crdt {
namespace {

constexpr Actor kA = Actor::Of({1}, {1}, 1);
constexpr Actor kB = Actor::Of({2}, {1}, 7);

// Name -> bytes. Comments, blanks and bars are for the reader.
std::map<std::string, Bytes> Golden(const std::string& file) {
  std::ifstream in(std::string(MERIDIAN_GOLDEN_DIR) + "/" + file);
  EXPECT_TRUE(in) << file;
  std::map<std::string, Bytes> golden;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string name, hex;
    fields >> name;
    Bytes& bytes = golden[name];
    while (fields >> hex) {
      if (hex == "|") continue;
      for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
      }
    }
  }
  return golden;
}

// That `values` are written as the file says and read back from it, none missing on either side.
template <class T, class Write, class Read>
void ExpectGolden(const std::string& file, const std::map<std::string, T>& values, Write write,
                  Read read) {
  const std::map<std::string, Bytes> golden = Golden(file);
  EXPECT_EQ(golden.size(), values.size());
  for (const auto& [name, value] : values) {
    ASSERT_TRUE(golden.contains(name)) << name;
    EXPECT_EQ(write(value), golden.at(name)) << name;
    const Result<T> found = read(golden.at(name));
    ASSERT_TRUE(found) << name << ": " << found.error().message;
    EXPECT_EQ(*found, value) << name;
  }
}

Context Of(std::initializer_list<Dot> dots) {
  Context context;
  for (const Dot& dot : dots) context.Add(dot);
  return context;
}

SeenVector Seen(std::initializer_list<std::pair<Actor, Interval>> extents) {
  SeenVector seen;
  for (const auto& [actor, interval] : extents) seen.Add(actor, IntervalSet(interval));
  return seen;
}

TEST(StoredFormatsTest, RowsAreAsTheyEverWere) {
  const std::map<std::string, Row> rows = {
      {"empty", {}},
      {"one_value", {Of({{kA, 300}}), {{{kA, 300}, {65536}, "milk", 0}}}},
      {"siblings",
       {Of({{kA, 3}, {kB, 1}}), {{{kA, 2}, {5}, "", 0}, {{kB, 1}, {6}, std::nullopt, 0}}}},
      {"tombstone", {Of({{kA, 4}, {kB, 2}}), {{{kB, 2}, {7}, std::nullopt, 1000}}}},
      {"expiring",
       {Of({{kA, 1}}), {{{kA, 1}, {UINT64_MAX}, Bytes("\0\xff", 2), 1'000'000'000'000}}}},
  };
  ExpectGolden("row.txt", rows, EncodeRow, DecodeRow);
}

TEST(StoredFormatsTest, RowKeysAreAsTheyEverWere) {
  const std::map<std::string, RowKey> keys = {
      {"register", {{1}, {2}, "user:1", ""}},
      {"element", {{1}, {2}, "user:1", "milk"}},
      {"empty_key", {{258}, {1}, "", ""}},
  };
  ExpectGolden(
      "row_key.txt", keys, [](const RowKey& key) { return StorageKey(key); }, ParseStorageKey);
}

TEST(StoredFormatsTest, SeenVectorsAreAsTheyEverWere) {
  const std::map<std::string, SeenVector> vectors = {
      {"empty", {}},
      {"usual", Seen({{kA, {1, 10000}}})},
      {"holes", Seen({{kA, {1, 40}}, {kA, {42, 57}}, {kB, {1, 9}}})},
      {"last", Seen({{kA, {1, 1}}, {kA, {Dot::kSequenceMax, Dot::kSequenceMax}}})},
  };
  ExpectGolden("seen_vector.txt", vectors, Encode<SeenVector>, Decode<SeenVector>);
}

// A secret that a reader of the file can check: the hash of the bytes, seed 42.
class HashSigner final : public Signer {
 public:
  std::uint64_t Sign(ByteView bytes) const override { return HashOf(bytes, 42); }
};

TEST(StoredFormatsTest, ContextTokensAreAsTheyEverWere) {
  const HashSigner signer;
  const RowKey key{{1}, {2}, "user:1", ""};
  const std::map<std::string, ContextToken> tokens = {
      {"empty", {}},
      {"usual", {Of({{kA, 300}}), {65536}, {}}},
      {"two_actors", {Of({{kA, 3}, {kB, 1}}), {UINT64_MAX}, Dot{kB, 5}}},
  };
  const std::map<std::string, Bytes> golden = Golden("context_token.txt");
  EXPECT_EQ(golden.size(), tokens.size());
  for (const auto& [name, token] : tokens) {
    ASSERT_TRUE(golden.contains(name)) << name;
    const Bytes text = ToBase64Url(golden.at(name));
    EXPECT_EQ(SealToken(token, key, signer), text) << name;
    const Result<ContextToken> opened = OpenToken(text, key, signer);
    ASSERT_TRUE(opened) << name << ": " << opened.error().message;
    EXPECT_EQ(opened->context, token.context) << name;
    EXPECT_EQ(opened->stamp, token.stamp) << name;
    EXPECT_EQ(opened->own, token.own) << name;
  }
}

}  // namespace
}  // namespace meridian::crdt
