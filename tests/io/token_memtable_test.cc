// The memtable holds its rows in order whatever their keys are, as RocksDB sees it.

#include "io/token_memtable.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <atomic>
#include <map>
#include <thread>

#include "base/big_endian.h"
#include "base/random.h"
#include "io/scratch_directory.h"

namespace meridian::test {
namespace {

using Rows = std::map<Bytes, Bytes>;

class TokenMemtableTest : public testing::Test {
 protected:
  TokenMemtableTest() { Open(); }

  void Open() {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.allow_concurrent_memtable_write = false;
    options.memtable_factory = io::NewTokenMemtables(1 << 20);
    options.avoid_flush_during_recovery = true;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, directory_ / "data", &db).ok());
    db_.reset(db);
  }
  void Put(const Bytes& key, const Bytes& value) {
    ASSERT_TRUE(db_->Put({}, key, value).ok());
    rows_[key] = value;
  }
  void Delete(const Bytes& key) {
    ASSERT_TRUE(db_->Delete({}, key).ok());
    rows_.erase(key);
  }
  std::unique_ptr<rocksdb::Iterator> Iterate() const {
    return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator({}));
  }

  Rows Forward() const {
    Rows rows;
    const auto at = Iterate();
    Bytes last;
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      EXPECT_TRUE(rows.empty() || last < at->key().ToString());
      last = at->key().ToString();
      rows[last] = at->value().ToString();
    }
    return rows;
  }
  Rows Backward() const {
    Rows rows;
    const auto at = Iterate();
    Bytes last;
    for (at->SeekToLast(); at->Valid(); at->Prev()) {
      EXPECT_TRUE(rows.empty() || last > at->key().ToString());
      last = at->key().ToString();
      rows[last] = at->value().ToString();
    }
    return rows;
  }
  void ExpectSought(const Bytes& key) const {
    const auto at = Iterate();
    at->Seek(key);
    const auto from = rows_.lower_bound(key);
    ASSERT_EQ(at->Valid(), from != rows_.end());
    if (at->Valid()) {
      EXPECT_EQ(at->key().ToString(), from->first);
    }

    at->SeekForPrev(key);
    const auto after = rows_.upper_bound(key);
    ASSERT_EQ(at->Valid(), after != rows_.begin());
    if (at->Valid()) {
      EXPECT_EQ(at->key().ToString(), std::prev(after)->first);
    }

    Bytes value;
    const auto known = rows_.find(key);
    EXPECT_EQ(db_->Get({}, key, &value).ok(), known != rows_.end());
    if (known != rows_.end()) {
      EXPECT_EQ(value, known->second);
    }
  }
  void ExpectAll() const {
    EXPECT_EQ(Forward(), rows_);
    EXPECT_EQ(Backward(), rows_);
    for (const auto& [key, value] : rows_) ExpectSought(key);
  }

  ScratchDirectory directory_;
  std::unique_ptr<rocksdb::DB> db_;
  Rows rows_;
  Random random_{1};
};

Bytes KeyOf(std::uint16_t placement, std::uint64_t token, const Bytes& rest) {
  Bytes key;
  AppendBigEndian(key, placement);
  AppendBigEndian(key, token);
  return key + rest;
}

TEST_F(TokenMemtableTest, AnEmptyOneHasNothing) {
  ExpectAll();
  ExpectSought("");
  ExpectSought(KeyOf(1, 5, "milk"));
}

TEST_F(TokenMemtableTest, RowsOfManyTokensAndPlacementsAreInTheOrderOfKeys) {
  for (int i = 0; i < 3000; ++i) {
    const auto placement = static_cast<std::uint16_t>(random_.Below(4) * 300);
    Put(KeyOf(placement, random_.Next(), "milk"), std::to_string(i));
  }
  ExpectAll();
  for (int i = 0; i < 300; ++i) {
    ExpectSought(KeyOf(static_cast<std::uint16_t>(random_.Below(1300)), random_.Next(), ""));
  }
}

TEST_F(TokenMemtableTest, RowsOfOneTokenAreInOrderToo) {
  for (int i = 0; i < 3000; ++i) Put(KeyOf(1, 77, std::to_string(random_.Below(100000))), "v");
  Put(KeyOf(1, 0, ""), "first");
  Put(KeyOf(1, UINT64_MAX, ""), "last");
  ExpectAll();
}

TEST_F(TokenMemtableTest, TheLastWordOnARowIsWhatIsRead) {
  for (int i = 0; i < 3000; ++i) {
    const Bytes key = KeyOf(1, random_.Below(100) << 57, "milk");
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
    Put(KeyOf(1, random_.Below(500) << 55, "milk"), std::to_string(i));
    if (i == 1000) {
      ASSERT_TRUE(db_->Flush({}).ok());
    }
  }
  db_.reset();
  Open();
  ExpectAll();
}

TEST_F(TokenMemtableTest, AnIteratorShowsWhatWasThereWhenItWasMade) {
  for (int i = 0; i < 500; ++i) Put(KeyOf(1, random_.Next(), "old"), "old");
  const Rows before = rows_;
  const auto at = Iterate();
  for (int i = 0; i < 500; ++i) Put(KeyOf(1, random_.Next(), "new"), "new");
  for (const auto& [key, value] : before) Put(key, "newer");
  Rows seen;
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    seen[at->key().ToString()] = at->value().ToString();
  }
  EXPECT_EQ(seen, before);
}

TEST_F(TokenMemtableTest, ReadersBesideTheWriterFindWhatWasWrittenBefore) {
  std::vector<Bytes> keys;
  for (int i = 0; i < 4000; ++i) keys.push_back(KeyOf(1, random_.Next(), "milk"));
  std::atomic<std::size_t> written = 0;
  std::atomic<std::size_t> missed = 0;
  std::thread reader([&] {
    for (std::size_t upto = 0; upto < keys.size();) {
      upto = written.load();
      Bytes value;
      for (std::size_t i = upto - std::min<std::size_t>(upto, 50); i < upto; ++i) {
        if (!db_->Get({}, keys[i], &value).ok()) ++missed;
      }
      const std::unique_ptr<rocksdb::Iterator> at = Iterate();
      std::size_t rows = 0;
      for (at->SeekToFirst(); at->Valid(); at->Next()) ++rows;
      if (rows < upto) ++missed;
    }
  });
  for (const Bytes& key : keys) {
    Put(key, "v");
    ++written;
  }
  reader.join();
  EXPECT_EQ(missed, 0U);
}

}  // namespace
}  // namespace meridian::test
