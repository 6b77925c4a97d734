// Far more than a node can do, offered to it whether it answers or not: memory stays below the
// bound that docs/limits.md states, who is turned away is told when to come back, and once the
// flood is over all is as before.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "io/clocks.h"
#include "io/processes.h"
#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kNodeBytesMax = std::uint64_t{1} << 30;
constexpr std::uint64_t kGatewayBytesMax = std::uint64_t{512} << 20;

// Many clients that never wait for each other.
class Crowd {
 public:
  struct Told {
    std::atomic<int> done{0};
    std::atomic<int> busy{0};           // 503 with Retry-After
    std::atomic<int> timed_out{0};      // 504
    std::atomic<int> busy_for_ever{0};  // 503 without it
    std::atomic<int> broken{0};         // no answer
    std::atomic<int> other{0};
  };

  // Each of `clients` makes its call again and again, at the next port each time.
  Crowd(int clients, std::vector<std::uint16_t> ports, io::HttpCall call, std::string key) {
    for (int client = 0; client < clients; ++client) {
      threads_.emplace_back([=, this] { Run(client, ports, call, key); });
    }
  }
  ~Crowd() { End(); }
  const Told& End() {
    ended_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    return told_;
  }

 private:
  void Run(int client, const std::vector<std::uint16_t>& ports, io::HttpCall call,
           const std::string& key) {
    const auto first = static_cast<std::size_t>(client);
    for (std::size_t turn = first; !ended_; ++turn) {
      io::HttpClient http("http://127.0.0.1:" + std::to_string(ports[turn % ports.size()]), 10s);
      call.path = "/ns/packages/kv/" + key + std::to_string(first) + "?Timeout-Ms=1000";
      const Result<io::HttpReply> reply = http.Fetch(call);
      ++(!reply                      ? told_.broken
         : reply->status == 200      ? told_.done
         : reply->status == 504      ? told_.timed_out
         : reply->status != 503      ? told_.other
         : reply->retry_after_s == 0 ? told_.busy_for_ever
                                     : told_.busy);
    }
  }

  std::atomic<bool> ended_{false};
  Told told_;
  std::vector<std::thread> threads_;
};

class FloodTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(cluster_.Up()); }

  // Small puts by eight clients that wait for their answers.
  int DoneIn(std::chrono::milliseconds length, int& failed) {
    Crowd crowd(8, Ports(), {.method = "PUT", .path = {}, .body = R"({"value":"small"})"}, "s");
    std::this_thread::sleep_for(length);
    const Crowd::Told& told = crowd.End();
    failed = told.busy + told.timed_out + told.busy_for_ever + told.broken + told.other;
    return told.done;
  }
  std::vector<std::uint16_t> Ports() const {
    const std::uint16_t base = cluster_.base_port();
    return {static_cast<std::uint16_t>(base + 1), static_cast<std::uint16_t>(base + 2),
            static_cast<std::uint16_t>(base + 3)};
  }
  // The most that any process whose name has `part` has resident.
  std::uint64_t MostResident(const std::string& part) const {
    std::uint64_t most = 0;
    const std::filesystem::path run = cluster_.directory() + "/home/run";
    for (const auto& file : std::filesystem::directory_iterator(run)) {
      const std::string name = file.path().filename();
      const bool is_gateway = name.find("-gw-") != std::string::npos;
      if (name.find("us-east") == std::string::npos || is_gateway != (part == "gateway")) continue;
      io::Pid pid = 0;
      std::ifstream(file.path()) >> pid;
      most = std::max(most, io::ResidentBytesOf(pid).value_or(0));
    }
    return most;
  }

  Cluster cluster_{{"us-east"}};
};

TEST_F(FloodTest, MemoryStaysBoundedTheRefusedAreToldWhenToComeBackAndAllIsWellAfterwards) {
  int failed = 0;
  const int before = DoneIn(2000ms, failed);
  ASSERT_EQ(failed, 0);
  ASSERT_GT(before, 100);

  std::uint64_t nodes = 0;
  std::uint64_t gateways = 0;
  // All at one node: more bodies at a time than it reads.
  Crowd large(150, {Ports().front()},
              {.method = "PUT",
               .path = {},
               .headers = {"Content-Type: application/octet-stream"},
               .body = Bytes(1 << 20, 'x')},
              "large");
  std::thread library([this] {
    cluster_.Bench(
        {"--rate", "150000", "--value-bytes", "2000", "--seconds", "6", "--warm-up", "1"});
  });
  const Instant end = io::Now().monotonic + 8s;
  while (io::Now().monotonic < end) {
    nodes = std::max(nodes, MostResident("node"));
    gateways = std::max(gateways, MostResident("gateway"));
    std::this_thread::sleep_for(20ms);
  }
  library.join();
  const Crowd::Told& told = large.End();
  RecordProperty("node_mib", static_cast<int>(nodes >> 20));
  std::printf(
      "flood: nodes at most %llu MiB, gateways %llu MiB; done %d, busy %d, timed out %d, "
      "broken %d\n",
      static_cast<unsigned long long>(nodes >> 20), static_cast<unsigned long long>(gateways >> 20),
      told.done.load(), told.busy.load(), told.timed_out.load(), told.broken.load());
  EXPECT_LT(nodes, kNodeBytesMax);
  EXPECT_LT(gateways, kGatewayBytesMax);
  EXPECT_GT(told.busy, 0) << "the flood was no flood";
  EXPECT_GT(told.done, 0) << "what can be done is done";
  EXPECT_EQ(told.busy_for_ever, 0);
  EXPECT_EQ(told.other, 0);

  std::this_thread::sleep_for(1s);  // the last requests of the flood end
  const int after = DoneIn(2000ms, failed);
  EXPECT_EQ(failed, 0);
  EXPECT_GT(after, before / 2);
  std::printf("small puts in 2 s: %d before, %d after\n", before, after);
}

}  // namespace
}  // namespace meridian::process_tests
