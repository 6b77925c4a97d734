// RocksDB as we set it up, on a disk that loses, tears, refuses and damages; after LevelDB's
// fault_injection_test. What was synced survives, what was not is a prefix of whole batches or
// nothing, and damage before the tail is refused rather than read around.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <map>
#include <thread>

#include "io/rocksdb_disk.h"

namespace meridian::io {
namespace {

using test::RocksdbDisk;
using test::Rows;

using Model = std::map<std::pair<Column, Bytes>, Bytes>;

// A batch in several columns that says its number, among rows that later batches change again.
WriteBatch RandomBatch(Random& random, std::uint64_t number) {
  WriteBatch batch{{number}, {}};
  for (std::uint64_t i = random.Below(6); i-- > 0;) {
    Write write{static_cast<Column>(random.Below(kColumnCount)),
                "k" + std::to_string(random.Below(50)), std::nullopt};
    if (!random.OneIn(4)) write.value = Bytes(random.Below(2000), static_cast<char>(random.Next()));
    batch.writes.push_back(std::move(write));
  }
  batch.writes.push_back({Column::kMeta, "number", std::to_string(number)});
  return batch;
}

void ApplyTo(Model& model, const WriteBatch& batch) {
  for (const Write& write : batch.writes) {
    if (write.value) {
      model[{write.column, write.key}] = *write.value;
    } else {
      model.erase({write.column, write.key});
    }
  }
}

Model ContentsOf(const Storage& storage) {
  Model model;
  for (std::size_t i = 0; i < kColumnCount; ++i) {
    const auto column = static_cast<Column>(i);
    for (auto& [key, value] : Rows(storage, column)) model[{column, key}] = value;
  }
  return model;
}

// Random batches, syncs and crashes. After each crash the disk must equal the model after some
// number of batches, no less than were synced.
void RunLives(std::uint64_t seed, bool torn_tail) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  RocksdbDisk disk;
  Model survived;
  std::uint64_t number = 0;
  for (int life = 0; life < 6; ++life) {
    std::vector<Model> after{survived};  // after[i]: i batches of this life
    std::size_t synced = 0;
    for (std::uint64_t batches = random.Below(300); batches-- > 0;) {
      const WriteBatch batch = RandomBatch(random, ++number);
      ASSERT_TRUE(disk.Apply(batch));
      ApplyTo(after.emplace_back(after.back()), batch);
      if (random.OneIn(20)) {
        ASSERT_TRUE(disk.Sync());
        synced = after.size() - 1;
      }
    }
    torn_tail ? disk.Crash(random) : disk.Crash();
    const Model found = ContentsOf(disk.storage());
    // Memtables that filled up were written to files, synced or not.
    const auto match =
        std::find(after.begin() + static_cast<std::ptrdiff_t>(synced), after.end(), found);
    ASSERT_NE(match, after.end()) << "life " << life << ": not a prefix that holds what was synced";
    survived = found;
  }
}

TEST(RocksdbFaultTest, ACrashLeavesAPrefixOfBatchesThatHoldsEverySyncedOne) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) RunLives(seed, false);
}

TEST(RocksdbFaultTest, ATornTailIsToleratedAndNothingSyncedIsLost) {
  for (std::uint64_t seed = 101; seed <= 104; ++seed) RunLives(seed, true);
}

TEST(RocksdbFaultTest, SyncsMayRunBesideWrites) {
  RocksdbDisk disk;
  std::atomic<std::uint64_t> applied = 0;
  std::atomic<std::uint64_t> synced = 0;
  std::atomic<bool> failed = false;
  std::thread committer([&] {
    while (synced < 2000 && !failed) {
      const std::uint64_t up_to = applied;
      if (!disk.Sync()) failed = true;
      synced = up_to;
    }
  });
  for (std::uint64_t number = 1; number <= 2000; ++number) {
    if (!disk.Apply({{number},
                     {{Column::kData, "number", std::to_string(number)},
                      {Column::kLog, "pad", Bytes(300, 'x')}}})) {
      failed = true;
    }
    applied = number;
  }
  committer.join();
  EXPECT_FALSE(failed);
  disk.Crash();
  EXPECT_EQ(**disk.storage().Get(Column::kData, "number"), "2000");
}

TEST(RocksdbFaultTest, AFailedSyncIsReportedAndNothingIsAcceptedAfterIt) {
  RocksdbDisk disk;
  ASSERT_TRUE(disk.Apply({{1}, {{Column::kData, "a", "1"}}}));
  ASSERT_TRUE(disk.Sync());
  ASSERT_TRUE(disk.Apply({{2}, {{Column::kData, "b", "1"}}}));
  disk.env().FailSyncs(true);
  const Result<Done> synced = disk.Sync();
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().code, ErrorCode::kIo);
  EXPECT_NE(synced.error().message.find(disk.path()), Bytes::npos);
  disk.env().FailSyncs(false);
  EXPECT_FALSE(disk.Apply({{3}, {{Column::kData, "c", "1"}}}));

  disk.Crash();
  EXPECT_EQ(Rows(disk.storage(), Column::kData).size(), 1U);
}

TEST(RocksdbFaultTest, ACleanCloseLosesNothingAndOpensAgain) {
  RocksdbDisk disk;
  ASSERT_TRUE(disk.Apply({{1}, {{Column::kData, "a", "1"}, {Column::kMeta, "m", "2"}}}));
  ASSERT_TRUE(disk.CloseCleanly());
  disk.env().Crash();
  disk.env().Restart();
  disk.Open();
  EXPECT_EQ(**disk.storage().Get(Column::kData, "a"), "1");
  EXPECT_EQ(**disk.storage().Get(Column::kMeta, "m"), "2");
}

TEST(RocksdbFaultTest, ADirectoryIsOpenedOnceInAProcess) {
  RocksdbDisk disk;
  const auto second = RocksdbStorage::Open({.path = disk.path()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kIo);
  EXPECT_NE(second.error().message.find("in use by another process"), Bytes::npos)
      << second.error().message;
}

TEST(RocksdbFaultTest, ADirectoryThatCannotBeMadeIsReportedWithItsPath) {
  test::ScratchDirectory scratch;
  std::ofstream(scratch / "file") << "x";
  const auto opened = RocksdbStorage::Open({.path = scratch / "file/data"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kIo);
  EXPECT_NE(opened.error().message.find(scratch / "file/data"), Bytes::npos);
}

// Files that hold something, oldest first.
std::vector<std::filesystem::path> FilesEnding(const std::string& directory, ByteView suffix) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const bool wanted = entry.path().extension() == suffix && entry.file_size() > 0;
    if (wanted) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void FlipByte(const std::filesystem::path& path, std::uintmax_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 0x5a));
}

// A disk with 100 synced batches, whose process has ended.
class RocksdbDamageTest : public testing::Test {
 protected:
  RocksdbDamageTest() : disk_(1 << 20) {
    for (std::uint64_t number = 1; number <= 100; ++number) {
      const Bytes key = std::to_string(number);
      MERIDIAN_CHECK(disk_.Apply({{number}, {{Column::kData, key, Bytes(500, 'v')}}}).has_value());
    }
    MERIDIAN_CHECK(disk_.Sync().has_value());
    disk_.Stop();
  }

  RocksdbDisk disk_;
};

TEST_F(RocksdbDamageTest, InTheMiddleOfTheLogIsRefused) {
  const auto logs = FilesEnding(disk_.path(), ".log");
  ASSERT_EQ(logs.size(), 1U);
  FlipByte(logs[0], std::filesystem::file_size(logs[0]) / 2);
  const Result<Done> opened = disk_.TryOpen();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message.find(disk_.path() + " is damaged"), Bytes::npos)
      << opened.error().message;
}

TEST_F(RocksdbDamageTest, InTheLastRecordOfTheLogIsATornTail) {
  const auto logs = FilesEnding(disk_.path(), ".log");
  ASSERT_EQ(logs.size(), 1U);
  std::filesystem::resize_file(logs[0], std::filesystem::file_size(logs[0]) - 7);
  const Result<Done> opened = disk_.TryOpen();
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(Rows(disk_.storage(), Column::kData).size(), 99U);
}

TEST_F(RocksdbDamageTest, OfAFileOfRowsIsACorruptRead) {
  ASSERT_TRUE(disk_.TryOpen());  // recovery turns the log into files of rows
  disk_.Stop();
  const auto tables = FilesEnding(disk_.path(), ".sst");
  ASSERT_FALSE(tables.empty());
  FlipByte(tables[0], 20);
  if (Result<Done> opened = disk_.TryOpen(); !opened) {
    EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
    return;
  }
  const auto read = disk_.storage().Get(Column::kData, "1");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(disk_.storage().Scan(Column::kData, {}, {}, [](const Entry&) { return true; }));
  EXPECT_FALSE(disk_.storage().MultiGet(Column::kData, {"1", "2"}));
}

// Tests with a second process: this binary once more, started by EXPECT_EXIT, which runs the same
// test and ends inside that statement. Both use the first one's directory.
class RocksdbFaultDeathTest : public testing::Test {
 protected:
  RocksdbFaultDeathTest() {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    const std::string own = std::filesystem::temp_directory_path() /
                            ("meridian-death-test-" + std::to_string(::getpid()));
    ::setenv(kVariable, own.c_str(), 0);
    path_ = ::getenv(kVariable);
  }
  ~RocksdbFaultDeathTest() override {
    ::unsetenv(kVariable);
    std::filesystem::remove_all(path_);
  }

  static constexpr const char* kVariable = "MERIDIAN_DEATH_TEST_DIRECTORY";
  std::string path_;
};

[[noreturn]] void OpenAndSayWhy(const std::string& path) {
  const auto storage = RocksdbStorage::Open({.path = path});
  std::fprintf(stderr, "%s\n", storage ? "opened" : storage.error().message.c_str());
  ::_exit(storage ? 0 : 1);
}

TEST_F(RocksdbFaultDeathTest, AnotherProcessInTheDirectoryIsNamedAsTheCause) {
  const auto holder = RocksdbStorage::Open({.path = path_});
  EXPECT_EXIT(OpenAndSayWhy(path_), testing::ExitedWithCode(1), "in use by another process");
  EXPECT_TRUE(holder);
}

[[noreturn]] void WriteAndDie(const std::string& path) {
  UnsyncedEnv env;
  auto storage = RocksdbStorage::Open({.path = path, .env = env.env()});
  const bool written = storage && (*storage)->Apply({{1}, {{Column::kData, "synced", "1"}}}) &&
                       (*storage)->Sync() &&
                       (*storage)->Apply({{2}, {{Column::kData, "unsynced", "1"}}});
  if (written) ::raise(SIGKILL);
  ::_exit(1);
}

TEST_F(RocksdbFaultDeathTest, AKilledProcessLosesExactlyWhatItDidNotSync) {
  EXPECT_EXIT(WriteAndDie(path_), testing::KilledBySignal(SIGKILL), "");
  const auto storage = RocksdbStorage::Open({.path = path_});
  ASSERT_TRUE(storage) << storage.error().message;
  EXPECT_EQ(Rows(**storage, Column::kData),
            (std::vector<std::pair<Bytes, Bytes>>{{"synced", "1"}}));
}

}  // namespace
}  // namespace meridian::io
