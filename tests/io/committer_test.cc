#include "io/committer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <vector>

namespace meridian::io {
namespace {

using namespace std::chrono_literals;

// A sync that waits to be let go, and what was reported.
class GatedDisk {
 public:
  Result<Done> Sync() {
    std::unique_lock lock(mutex_);
    ++started_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return allowed_ > 0; });
    --allowed_;
    if (broken_) return Fail(ErrorCode::kIo, "broken");
    return Done{};
  }
  void Report(const Result<Done>& result, BatchId up_to) {
    const std::lock_guard lock(mutex_);
    reports_.push_back(result ? static_cast<int>(up_to.value) : -static_cast<int>(up_to.value));
    changed_.notify_all();
  }

  void Allow(int syncs) {
    const std::lock_guard lock(mutex_);
    allowed_ += syncs;
    changed_.notify_all();
  }
  void Break() {
    const std::lock_guard lock(mutex_);
    broken_ = true;
  }
  bool AwaitStarted(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return started_ >= count; });
  }
  std::vector<int> AwaitReports(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return reports_.size() >= count; });
    return reports_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int allowed_ = 0;
  int started_ = 0;
  bool broken_ = false;
  std::vector<int> reports_;  // negative: failed
};

class CommitterTest : public testing::Test {
 protected:
  GatedDisk disk_;
  Committer committer_{[this] { return disk_.Sync(); },
                       [this](Result<Done> result, BatchId up_to) { disk_.Report(result, up_to); }};
};

using Reports = std::vector<int>;

TEST_F(CommitterTest, RequestsDuringASyncShareTheNextOne) {
  committer_.Request({1});
  ASSERT_TRUE(disk_.AwaitStarted(1));
  for (std::uint64_t id = 2; id <= 5; ++id) committer_.Request({id});
  disk_.Allow(2);
  EXPECT_EQ(disk_.AwaitReports(2), (Reports{1, 5}));
}

TEST_F(CommitterTest, WakesForEveryRequestAfterAnIdleTime) {
  disk_.Allow(100);
  Reports expected;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    committer_.Request({id});
    expected.push_back(static_cast<int>(id));
    ASSERT_EQ(disk_.AwaitReports(id), expected);
  }
}

TEST_F(CommitterTest, AFailureIsReportedOnceAndIsTheLast) {
  disk_.Break();
  disk_.Allow(5);
  committer_.Request({1});
  EXPECT_EQ(disk_.AwaitReports(1), Reports{-1});
  committer_.Request({2});
  committer_.Stop();
  EXPECT_EQ(disk_.AwaitReports(1), Reports{-1});
}

TEST_F(CommitterTest, StopSyncsWhatWasRequested) {
  committer_.Request({1});
  ASSERT_TRUE(disk_.AwaitStarted(1));
  committer_.Request({2});
  disk_.Allow(2);
  committer_.Stop();
  committer_.Stop();
  EXPECT_EQ(disk_.AwaitReports(2), (Reports{1, 2}));
}

TEST_F(CommitterTest, AnIdleOneStopsWithoutASync) {
  committer_.Stop();
  EXPECT_TRUE(disk_.AwaitReports(0).empty());
}

}  // namespace
}  // namespace meridian::io
