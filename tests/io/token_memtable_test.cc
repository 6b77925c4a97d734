// The memtable holds its rows in order whatever their keys are, as RocksDB sees it.

#include "io/token_memtable.h"

#include "base/big_endian.h"
#include "io/memtable_fixture.h"

namespace meridian::test {
namespace {

class TokenMemtableTest : public MemtableFixture {
 protected:
  TokenMemtableTest() : MemtableFixture(io::NewTokenMemtables(1 << 20)) {}
};

Bytes RowKeyOf(std::uint16_t placement, std::uint64_t token, const Bytes& rest) {
  Bytes key;
  AppendBigEndian(key, placement);
  AppendBigEndian(key, token);
  return key + rest;
}

TEST_F(TokenMemtableTest, AnEmptyOneHasNothing) {
  ExpectAll();
  ExpectSought("");
  ExpectSought(RowKeyOf(1, 5, "milk"));
}

TEST_F(TokenMemtableTest, RowsOfManyTokensAndPlacementsAreInTheOrderOfKeys) {
  for (int i = 0; i < 3000; ++i) {
    const auto placement = static_cast<std::uint16_t>(random_.Below(4) * 300);
    Put(RowKeyOf(placement, random_.Next(), "milk"), std::to_string(i));
  }
  ExpectAll();
  for (int i = 0; i < 300; ++i) {
    ExpectSought(RowKeyOf(static_cast<std::uint16_t>(random_.Below(1300)), random_.Next(), ""));
  }
}

TEST_F(TokenMemtableTest, RowsOfOneTokenAreInOrderToo) {
  for (int i = 0; i < 3000; ++i) Put(RowKeyOf(1, 77, std::to_string(random_.Below(100000))), "v");
  Put(RowKeyOf(1, 0, ""), "first");
  Put(RowKeyOf(1, UINT64_MAX, ""), "last");
  ExpectAll();
}

TEST_F(TokenMemtableTest, TheLastWordOnARowIsWhatIsRead) {
  for (int i = 0; i < 3000; ++i) {
    const Bytes key = RowKeyOf(1, random_.Below(100) << 57, "milk");
    if (random_.Below(4) == 0) {
      Delete(key);
    } else {
      Put(key, std::to_string(i));
    }
  }
  ExpectAll();
}

TEST_F(TokenMemtableTest, KeysOfAnotherFormAreInOrderToo) {
  Put("", "");
  for (int i = 0; i < 1000; ++i) {
    Bytes key;
    for (std::uint64_t size = random_.Below(13); size > 0; --size) {
      key.push_back(static_cast<char>(random_.Below(3) * 127));
    }
    Put(key, std::to_string(i));
  }
  ExpectAll();
}

TEST_F(TokenMemtableTest, WhatWasFlushedAndWhatIsReplayedIsTheSame) {
  for (int i = 0; i < 2000; ++i) {
    Put(RowKeyOf(1, random_.Below(500) << 55, "milk"), std::to_string(i));
    if (i == 1000) {
      ASSERT_TRUE(db_->Flush({}).ok());
    }
  }
  db_.reset();
  Open();
  ExpectAll();
}

TEST_F(TokenMemtableTest, AnIteratorShowsWhatWasThereWhenItWasMade) {
  for (int i = 0; i < 500; ++i) Put(RowKeyOf(1, random_.Next(), "old"), "old");
  const RowMap before = rows_;
  const auto at = Iterate();
  for (int i = 0; i < 500; ++i) Put(RowKeyOf(1, random_.Next(), "new"), "new");
  for (const auto& [key, value] : before) Put(key, "newer");
  RowMap seen;
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    seen[at->key().ToString()] = at->value().ToString();
  }
  EXPECT_EQ(seen, before);
}

TEST_F(TokenMemtableTest, ALookUpLeavesNothingBehind) {
  Put(RowKeyOf(1, 5, "milk"), "v");
  ExpectNothingLeftByLookUps(RowKeyOf(1, 5, "milk"));
}

TEST_F(TokenMemtableTest, ReadersBesideTheWriterFindWhatWasWrittenBefore) {
  std::vector<Bytes> keys;
  for (int i = 0; i < 4000; ++i) keys.push_back(RowKeyOf(1, random_.Next(), "milk"));
  ExpectSeenBeside(keys);
}

}  // namespace
}  // namespace meridian::test
