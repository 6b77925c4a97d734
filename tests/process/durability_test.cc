// What was acknowledged is there after any crash, on disks that keep only what was synced.
//
// Every key is written once, with a value that follows from the key, so that nothing but the loss
// of an acknowledged write can explain a missing or a different value. A write that was not
// acknowledged may be there or not, but alike on all replicas.

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "base/random.h"
#include "client/blocking_client.h"
#include "client/bulk.h"
#include "process/cluster.h"
#include "process/forgetful_region.h"

namespace meridian::process_tests {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kInFlight = 64;
constexpr std::size_t kEndless = 100'000'000;

client::Record RecordOf(const std::string& prefix, std::size_t number) {
  const std::string key = prefix + '/' + std::to_string(number);
  return {key, "the value of " + key + ' ' + std::string(100 + number % 50, '.')};
}

// Puts at local_quorum, so many in flight, on a thread of its own until it is stopped.
class Load {
 public:
  struct Outcome {
    std::vector<client::Record> acked;
    std::vector<client::Record> unsure;  // failed, so perhaps written
  };

  Load(const ForgetfulRegion& region, std::string space, std::string prefix)
      : space_(std::move(space)),
        prefix_(std::move(prefix)),
        pump_(region.topology(), {region.id(), kInFlight}, prefix_),
        done_(std::async(std::launch::async, [this] { return Run(); })) {}
  ~Load() { stop_ = true; }  // the future waits

  // Whether so many more are acknowledged in time.
  [[nodiscard]] bool AwaitMore(std::size_t more) const {
    const std::size_t goal = acked_ + more;
    return Eventually([&] { return acked_ >= goal; }, 20s);
  }
  Outcome Stop() {
    stop_ = true;
    EXPECT_TRUE(done_.get());
    return std::move(outcome_);
  }

 private:
  bool Run() {
    return pump_
        .Run(kEndless,
             [this](client::Client& client, std::size_t number, std::function<void()> done) {
               client::Record record = RecordOf(prefix_, number);
               // A short timeout: what a dead node was asked goes to another one soon.
               client.Put(space_, record.key, record.value, {.timeout = 2s},
                          [this, number, done = std::move(done)](const node::ClientAnswer& answer,
                                                                 client::CallFigures) {
                            Note(number, answer.status == node::Status::kOk);
                            done();
                          });
             })
        .has_value();
  }
  void Note(std::size_t number, bool acknowledged) {
    (acknowledged ? outcome_.acked : outcome_.unsure).push_back(RecordOf(prefix_, number));
    if (acknowledged) ++acked_;
    if (stop_) pump_.GiveUp();
  }

  std::string space_;
  std::string prefix_;
  client::Pump pump_;
  Outcome outcome_;  // belongs to the load's thread until that has ended
  std::atomic<std::size_t> acked_ = 0;
  std::atomic<bool> stop_ = false;
  std::future<bool> done_;
};

class DurabilityTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(region_.Start(ForgetfulRegion::kAll)); }

  // `level` one with a topology of OnlyThrough reads that node's own copy.
  client::VerifyOutcome Compare(const local::Topology& topology, const std::string& space,
                                const std::vector<client::Record>& records, node::Level level,
                                Duration patience) {
    client::BulkOptions options;
    options.region = region_.id();
    options.space = space;
    options.level = level;
    options.timeout = 5s;
    const auto outcome = client::VerifyRecords(topology, options, records, patience);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : client::VerifyOutcome{};
  }

  void ExpectAllHeld(const Load::Outcome& load) {
    const auto read =
        Compare(region_.topology(), "synced", load.acked, node::Level::kLocalQuorum, 0s);
    EXPECT_EQ(read.same, load.acked.size())
        << read.missing << " acknowledged values are missing, " << read.different
        << " are different, " << read.failed
        << " cannot be read; such as: " << testing::PrintToString(read.examples);
  }

  void ExpectReplicasAlike(const Load::Outcome& load) {
    EXPECT_TRUE(Eventually([&] {
      const auto first = region_.MutationsSeen(0);
      return first && first == region_.MutationsSeen(1) && first == region_.MutationsSeen(2);
    })) << "the nodes have seen "
        << testing::PrintToString(region_.MutationsSeen(0).value_or(0)) << ", "
        << testing::PrintToString(region_.MutationsSeen(1).value_or(0)) << " and "
        << testing::PrintToString(region_.MutationsSeen(2).value_or(0)) << " mutations";
    for (const std::size_t node : ForgetfulRegion::kAll) {
      const auto copy =
          Compare(region_.OnlyThrough(node), "synced", load.acked, node::Level::kOne, 0s);
      EXPECT_EQ(copy.same, load.acked.size())
          << "node " << node << ": " << testing::PrintToString(copy.examples);
    }
    const std::vector<std::string> first = UnsureAt(0, load);
    EXPECT_EQ(first, UnsureAt(1, load));
    EXPECT_EQ(first, UnsureAt(2, load));
  }

  // What a node's own copies of the unsure writes are, one text each.
  std::vector<std::string> UnsureAt(std::size_t node, const Load::Outcome& load) {
    std::vector<std::string> copies;
    auto reader = client::BlockingClient::Open(region_.OnlyThrough(node), {.region = region_.id()});
    if (!reader) return ADD_FAILURE() << reader.error().message, copies;
    for (const client::Record& record : load.unsure) {
      const node::ClientAnswer answer =
          (*reader)->Get("synced", record.key, {.level = node::Level::kOne});
      const bool known =
          answer.status == node::Status::kOk || answer.status == node::Status::kNotFound;
      EXPECT_TRUE(known) << record.key << ": " << answer.message;
      if (!answer.values.empty()) {
        EXPECT_EQ(answer.values[0], record.value);
      }
      copies.push_back(record.key + (answer.values.empty() ? ": nothing" : ": written"));
    }
    return copies;
  }

  ForgetfulRegion region_;
  Random random_{20};  // when to kill whom
};

TEST_F(DurabilityTest, NodesThatCrashOneAfterAnotherLoseNothingThatWasAcknowledged) {
  Load load(region_, "synced", "one-by-one");
  for (int crash = 0; crash < 8; ++crash) {
    ASSERT_TRUE(load.AwaitMore(random_.Between(200, 2000))) << "before crash " << crash;
    const std::size_t victim = random_.Below(ForgetfulRegion::kNodes);
    region_.Kill({victim});
    ASSERT_TRUE(load.AwaitMore(random_.Between(1, 500))) << "with one node down, " << crash;
    ASSERT_TRUE(region_.Start({victim}));
  }
  const Load::Outcome outcome = load.Stop();
  ExpectAllHeld(outcome);
  ExpectReplicasAlike(outcome);
}

TEST_F(DurabilityTest, ARegionThatCrashesAsAWholeLosesNothingThatWasAcknowledged) {
  Load load(region_, "synced", "all-at-once");
  for (int crash = 0; crash < 4; ++crash) {
    ASSERT_TRUE(load.AwaitMore(random_.Between(200, 2000))) << "before crash " << crash;
    region_.Kill(ForgetfulRegion::kAll);
    ASSERT_TRUE(region_.Start(ForgetfulRegion::kAll));
  }
  ASSERT_TRUE(load.AwaitMore(100));
  const Load::Outcome outcome = load.Stop();
  ExpectAllHeld(outcome);
  ExpectReplicasAlike(outcome);
}

// The same crash with `durability: os` loses acknowledged writes: the disks do forget, and the
// tests above could fail.
TEST_F(DurabilityTest, WithoutSyncsACrashOfTheRegionLosesAcknowledgedWrites) {
  constexpr int kTries = 8;
  for (int crash = 0; crash < kTries; ++crash) {
    Load load(region_, "hasty", "hasty-" + std::to_string(crash));
    ASSERT_TRUE(load.AwaitMore(random_.Between(500, 2000)));
    region_.Kill(ForgetfulRegion::kAll);
    const Load::Outcome outcome = load.Stop();
    ASSERT_TRUE(region_.Start(ForgetfulRegion::kAll));
    const auto read =
        Compare(region_.topology(), "hasty", outcome.acked, node::Level::kLocalQuorum, 0s);
    EXPECT_EQ(read.failed, 0U) << testing::PrintToString(read.examples);
    if (read.missing > 0) return;
  }
  FAIL() << kTries << " crashes lost nothing: is --testing-discard-unsynced without effect?";
}

}  // namespace
}  // namespace meridian::process_tests
