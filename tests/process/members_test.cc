// One region that is changed while it serves: a node more, with one killed in the middle, a node
// less, two operators at once; everything that was written is read back.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <sstream>

#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

constexpr std::size_t kRowsMoved = 4'000;
constexpr std::size_t kPartitions = 64;

class MembersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.Up());
    records_ = cluster_.WriteRecords(kRowsMoved);
    const auto loaded = Load(records_);
    ASSERT_EQ(loaded.code, 0) << loaded.output;
  }

  // The topology with these nodes, 1 to `nodes`, as a file of its own.
  std::string FileOf(std::size_t nodes, std::uint64_t epoch) const {
    std::ifstream in(cluster_.topology_file());
    std::stringstream text;
    text << in.rdbuf();
    std::string file = text.str();
    file.replace(file.find("epoch: "), file.find('\n') - file.find("epoch: "),
                 "epoch: " + std::to_string(epoch));
    const std::size_t from = file.find("      us-east-1:");
    const std::size_t to = file.find("    gateways:");
    std::string list;
    for (std::size_t n = 1; n <= nodes; ++n) {
      const auto port = [&](std::size_t kind) {
        return std::to_string(cluster_.base_port() + kind * 10 + n);
      };
      list += "      us-east-" + std::to_string(n) + ": {id: " + std::to_string(n) + ", rack: r" +
              std::to_string(n) + ", host: 127.0.0.1, http: " + port(0) + ", ring: " + port(1) +
              ", client: " + port(2) + ", weight: 100}\n";
    }
    file.replace(from, to - from, list);
    const std::string name = cluster_.directory() + "/epoch" + std::to_string(epoch) + "-" +
                             std::to_string(nodes) + ".yaml";
    std::ofstream(name) << file;
    return name;
  }
  // From now on the sandbox and the commands know this file.
  void Use(const std::string& file) const {
    std::ifstream in(file);
    std::ofstream(cluster_.topology_file()) << in.rdbuf();
  }
  Cluster::Ended Load(const std::string& records) const {
    return cluster_.Meridian({"load", records, "--format", "lines", "-n", "packages"});
  }
  Cluster::Ended Apply(const std::string& file, std::uint64_t version, bool watch = false) const {
    std::vector<std::string> order{"topology", "apply", file, "--version", std::to_string(version)};
    if (watch) order.insert(order.end(), {"--watch", "--timeout", "120"});
    return cluster_.Meridian(order);
  }
  nlohmann::json TopologyAt(std::size_t node) const {
    const auto page = cluster_.Page("us-east", node, "/topology");
    return nlohmann::json::parse(page.body, nullptr, false);
  }
  bool IsComplete(std::uint64_t epoch) const {
    for (std::size_t node = 1; node <= 5; ++node) {
      const nlohmann::json look = TopologyAt(node);
      if (!look.is_object() || look["epoch"] != epoch || look["complete"] != true) return false;
    }
    return true;
  }
  void ExpectAllThere() const {
    const auto verify =
        cluster_.Meridian({"verify", records_, "--format", "lines", "-n", "packages"});
    EXPECT_EQ(verify.code, 0) << verify.output;
  }

  Cluster cluster_{{"us-east"}, 5};
  std::string records_;
};

TEST_F(MembersTest, ANodeComesUnderLoadWhileOneDiesAndAnotherGoes) {
  auto load = std::async(std::launch::async, [this] {
    return cluster_.Bench(
        {"-o", "mix", "--rate", "300", "--keys", "2000", "--no-fill", "--seconds", "30", "--json"});
  });
  Use(FileOf(6, 2));
  ASSERT_TRUE(cluster_.Up());
  EXPECT_EQ(TopologyAt(6)["stage"], "waiting");
  const auto applied = Apply(FileOf(6, 2), 2);
  ASSERT_EQ(applied.code, 0) << applied.output;
  EXPECT_EQ(cluster_.Meridian({"dev", "kill", "us-east-2"}).code, 0);
  EXPECT_TRUE(Eventually([&] { return TopologyAt(1)["epoch"] == 2; }));
  ASSERT_TRUE(cluster_.Up());
  EXPECT_TRUE(Eventually([&] { return IsComplete(2); }, std::chrono::seconds(60)));
  EXPECT_NEAR(static_cast<double>(cluster_.StatusNumber("us-east-6", "partitions")),
              kPartitions * 3 / 6.0, 1);
  ExpectAllThere();

  const auto removed = Apply(FileOf(5, 3), 3, true);
  ASSERT_EQ(removed.code, 0) << removed.output;
  EXPECT_TRUE(Eventually([&] { return IsComplete(3); }));
  EXPECT_TRUE(Eventually([&] { return cluster_.StatusNumber("us-east-6", "partitions") == 0; }));
  EXPECT_EQ(cluster_.Meridian({"dev", "kill", "us-east-6"}).code, 0);
  Use(FileOf(5, 3));
  ExpectAllThere();

  const auto ended = load.get();
  EXPECT_EQ(ended.code, 0) << ended.output;
  const std::size_t begin = std::min(ended.output.find('{'), ended.output.size());
  const auto report = nlohmann::json::parse(ended.output.substr(begin), nullptr, false);
  ASSERT_TRUE(report.is_object()) << ended.output;
  EXPECT_EQ(report["errors"], 0) << report["first_error"];
}

TEST_F(MembersTest, OfTwoWhoApplyAtOnceOneWinsAndTheOtherIsTold) {
  const std::string one = FileOf(4, 2);
  const std::string other = FileOf(3, 2);
  auto first = std::async(std::launch::async, [&] { return Apply(one, 2); });
  auto second = std::async(std::launch::async, [&] { return Apply(other, 2); });
  const Cluster::Ended ended[] = {first.get(), second.get()};
  EXPECT_EQ((ended[0].code == 0) + (ended[1].code == 0), 1) << ended[0].output << ended[1].output;
  EXPECT_TRUE(Eventually([&] { return IsComplete(2); }, std::chrono::seconds(60)));
  const auto late = Apply(one, 2);
  EXPECT_EQ(late.code, 1) << "the ring has gone on: " << late.output;
  ExpectAllThere();
}

TEST_F(MembersTest, AChangeIsTakenBackWhileItWaitsForANodeThatNeverCame) {
  ASSERT_EQ(Apply(FileOf(6, 2), 2).code, 0);
  EXPECT_TRUE(Eventually([&] { return TopologyAt(1)["stage"] == "filling"; }));
  const auto back = cluster_.Meridian({"topology", "back", "--version", "3"});
  EXPECT_EQ(back.code, 0) << back.output;
  EXPECT_TRUE(Eventually([&] { return IsComplete(3); }));
  ExpectAllThere();
}

TEST_F(MembersTest, ANodeIsReplacedAndAnotherOneGetsHalfTheWeight) {
  Use(FileOf(6, 2));
  ASSERT_TRUE(cluster_.Up());
  std::ifstream in(FileOf(6, 2));
  std::string text;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("      us-east-5:")) continue;
    if (line.starts_with("      us-east-1:")) {
      line.replace(line.find("weight: 100"), 11, "weight: 50");
    }
    text += line + '\n';
  }
  const std::string file = cluster_.directory() + "/replaced.yaml";
  std::ofstream(file) << text;
  const auto before = cluster_.StatusNumber("us-east-1", "partitions");
  const auto applied = Apply(file, 2, true);
  ASSERT_EQ(applied.code, 0) << applied.output;
  EXPECT_TRUE(Eventually([&] { return cluster_.StatusNumber("us-east-5", "partitions") == 0; }));
  EXPECT_EQ(cluster_.Meridian({"dev", "kill", "us-east-5"}).code, 0);
  const auto half = static_cast<double>(cluster_.StatusNumber("us-east-1", "partitions"));
  EXPECT_NEAR(half, static_cast<double>(before) * 5 / 9, 2);  // 50 of 450 instead of 100 of 500
  EXPECT_GT(cluster_.StatusNumber("us-east-6", "partitions"), 0U);
  Use(file);
  ExpectAllThere();
}

TEST_F(MembersTest, APlanTellsTheBytesThatThenMove) {
  const std::string six = FileOf(6, 2);
  const auto offline = cluster_.Meridian({"topology", "plan", six, "--offline"});
  EXPECT_NE(offline.output.find("bytes unknown: no node of us-east answered"), std::string::npos)
      << offline.output;
  const auto planned = cluster_.Meridian({"topology", "plan", six, "--json"});
  ASSERT_EQ(planned.code, 0) << planned.output;
  const auto region = nlohmann::json::parse(planned.output)["regions"]["us-east"];
  const double share = region["copies_moving"].get<double>() / region["copies"].get<double>();
  EXPECT_NEAR(share, 1 / 6.0, 0.02);
  const double loaded = 3 * static_cast<double>(std::filesystem::file_size(records_)) * share;
  const auto bytes = region["bytes_moving"].get<double>();
  EXPECT_NEAR(bytes, loaded, 0.3 * loaded);
  EXPECT_GT(region["seconds_at_least"].get<double>(), 0);

  Use(six);
  ASSERT_TRUE(cluster_.Up());
  ASSERT_EQ(Apply(six, 2, true).code, 0);
  const auto moved = TopologyAt(6)["moving"]["bytes"].get<double>();
  EXPECT_NEAR(bytes, moved, 0.3 * moved);
}

}  // namespace
}  // namespace meridian::process_tests
