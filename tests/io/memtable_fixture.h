// A database with the memtable under test, and what should be in it.
//
//     class X : public MemtableFixture { X() : MemtableFixture(io::NewLogMemtables()) {} };
//     Put("a", "1");  ExpectAll();      the same rows forward, backward and sought

#pragma once

#include <gtest/gtest.h>
#include <malloc.h>
#include <rocksdb/db.h>

#include <atomic>
#include <map>
#include <thread>

#include "base/random.h"
#include "io/scratch_directory.h"

namespace meridian::test {

using RowMap = std::map<Bytes, Bytes>;

class MemtableFixture : public testing::Test {
 protected:
  explicit MemtableFixture(std::shared_ptr<rocksdb::MemTableRepFactory> memtables)
      : memtables_(std::move(memtables)) {
    Open();
  }

  void Open() {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.allow_concurrent_memtable_write = false;
    options.memtable_factory = memtables_;
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

  RowMap Forward() const {
    RowMap rows;
    const auto at = Iterate();
    Bytes last;
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      EXPECT_TRUE(rows.empty() || last < at->key().ToString());
      last = at->key().ToString();
      rows[last] = at->value().ToString();
    }
    return rows;
  }
  RowMap Backward() const {
    RowMap rows;
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

  // As often as a busy node looks up rows in a second or two.
  void ExpectNothingLeftByLookUps(const Bytes& key) const {
    Bytes value;
    const auto look = [&] { ASSERT_TRUE(db_->Get({}, key, &value).ok()); };
    look();
    const std::size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 20'000; ++i) look();
    EXPECT_LT(mallinfo2().uordblks, before + 100'000);
  }

  // A reader on a thread of its own sees every row that was put before it looked.
  void ExpectSeenBeside(const std::vector<Bytes>& keys) {
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

  std::shared_ptr<rocksdb::MemTableRepFactory> memtables_;
  ScratchDirectory directory_;
  std::unique_ptr<rocksdb::DB> db_;
  RowMap rows_;
  Random random_{1};
};

}  // namespace meridian::test
