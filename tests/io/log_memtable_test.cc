// The log's memtable holds its rows in order, those that come out of order too.

#include "io/log_memtable.h"

#include "crdt/dot.h"
#include "io/memtable_fixture.h"
#include "local/log_keys.h"

namespace meridian::test {
namespace {

class LogMemtableTest : public MemtableFixture {
 protected:
  LogMemtableTest() : MemtableFixture(io::NewLogMemtables()) {}

  Bytes DrawnKey(std::uint64_t sequence) {
    const auto partition = static_cast<std::uint16_t>(random_.Below(40));
    return local::LogKey({{1}, {partition}}, {{1 + random_.Below(3)}, sequence});
  }
};

Bytes LogKeyOf(std::uint16_t partition, std::uint64_t actor, std::uint64_t sequence) {
  return local::LogKey({{1}, {partition}}, {{actor}, sequence});
}

TEST_F(LogMemtableTest, AnEmptyOneHasNothing) {
  ExpectAll();
  ExpectSought("");
  ExpectSought(LogKeyOf(1, 2, 3));
}

TEST_F(LogMemtableTest, DotsOfManyActorsAndPartitionsAreInTheOrderOfKeys) {
  for (std::uint64_t i = 1; i <= 3000; ++i) Put(DrawnKey(i), std::to_string(i));
  ExpectAll();
  for (int i = 0; i < 300; ++i) ExpectSought(DrawnKey(random_.Below(4000)));
}

TEST_F(LogMemtableTest, MoreActorsThanItBeganWithAreFound) {
  for (std::uint64_t i = 0; i < 3000; ++i) Put(LogKeyOf(3, random_.Next(), i), "v");
  ExpectAll();
}

TEST_F(LogMemtableTest, DotsThatComeLateAreInOrderToo) {
  for (int i = 0; i < 3000; ++i) Put(LogKeyOf(1, 1, random_.Below(100000)), std::to_string(i));
  for (std::uint64_t i = 0; i < 300; ++i) Put(LogKeyOf(1, 1, 100000 + i), "rising again");
  for (std::uint64_t i = 300; i-- > 0;) Put(LogKeyOf(1, 2, i), "falling");
  Put(LogKeyOf(1, 2, UINT64_MAX), "last");
  Put(LogKeyOf(1, 2, 0), "first");
  ExpectAll();
}

TEST_F(LogMemtableTest, TheLastWordOnADotIsWhatIsRead) {
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const Bytes key = LogKeyOf(1, 1, i / 2 + random_.Below(3));
    if (random_.Below(4) == 0) {
      Delete(key);
    } else {
      Put(key, std::to_string(i));
    }
  }
  ExpectAll();
}

TEST_F(LogMemtableTest, KeysOfAnotherFormAreInOrderToo) {
  Put("", "");
  const Bytes dot = LogKeyOf(1, 1, 7);
  for (std::size_t size = 0; size <= dot.size(); ++size) Put(dot.substr(0, size), "cut");
  for (std::uint64_t i = 0; i < 50; ++i) {
    Put(LogKeyOf(1, 1, i) + "x", "longer");
    Put(LogKeyOf(1, 1, i), "dot");
  }
  for (int i = 0; i < 1000; ++i) {
    Bytes key;
    for (std::uint64_t size = random_.Below(24); size > 0; --size) {
      key.push_back(static_cast<char>(random_.Below(3) * 127));
    }
    Put(key, std::to_string(i));
  }
  ExpectAll();
}

TEST_F(LogMemtableTest, WhatWasFlushedAndWhatIsReplayedIsTheSame) {
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    Put(DrawnKey(i), std::to_string(i));
    if (i == 1000) {
      ASSERT_TRUE(db_->Flush({}).ok());
    }
  }
  db_.reset();
  Open();
  ExpectAll();
}

TEST_F(LogMemtableTest, ALookUpLeavesNothingBehind) {
  Put(LogKeyOf(1, 1, 1), "v");
  ExpectNothingLeftByLookUps(LogKeyOf(1, 1, 1));
}

TEST_F(LogMemtableTest, ReadersBesideTheWriterFindWhatWasWrittenBefore) {
  std::vector<Bytes> keys;
  for (std::uint64_t i = 1; i <= 4000; ++i) keys.push_back(LogKeyOf(1 + i % 16, i % 3, i));
  for (std::uint64_t i = 1; i <= 1000; ++i) keys.push_back(LogKeyOf(1, 1, 100000 - i));
  ExpectSeenBeside(keys);
}

}  // namespace
}  // namespace meridian::test
