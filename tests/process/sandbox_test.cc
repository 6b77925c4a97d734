// Three regions of real processes, used as people use them: over HTTP and with `meridian`.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "io/clocks.h"
#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

using nlohmann::json;

std::string ContextOf(const io::HttpReply& reply) {
  const json body = json::parse(reply.body, nullptr, false);
  return body.is_object() ? body.value("context", std::string()) : std::string();
}

std::string ContextIn(const std::string& output) {
  const std::size_t start = output.find("context: ");
  if (start == std::string::npos) return {};
  return output.substr(start + 9, output.find('\n', start) - start - 9);
}

const std::vector<std::string> kRegions = {"us-east", "eu-west", "ap-south"};

TEST(OptionsOfANodeTest, WhatIsOutOfItsRangeIsRefusedBeforeAnythingStarts) {
  const Cluster cluster({"us-east"});
  for (const char* option :
       {"--hedge-percent 101", "--fill-mb-per-second 0", "--move-mb-per-second 0",
        "--disk-check-grace-ms 99", "--hedge-percent x", "--hints-mb 0"}) {
    const auto refused = cluster.Shell(
        std::string("meridiand --topology topology.yaml --name us-east-1 --data data --secret s ") +
        option);
    EXPECT_EQ(refused.code, 2) << option << ": " << refused.output;
    const std::string name(option, std::string(option).find(' '));
    EXPECT_NE(refused.output.find(name), std::string::npos) << refused.output;
  }
  for (const char* variable : {"MERIDIAN_HINTS_MB=0", "MERIDIAN_HEDGE_PERCENT=x"}) {
    const auto refused = cluster.Shell(
        std::string(variable) +
        " meridiand --topology topology.yaml --name us-east-1 --data data --secret s");
    EXPECT_EQ(refused.code, 2) << variable << ": " << refused.output;
    const bool hints = std::string(variable).find("HINTS") != std::string::npos;
    EXPECT_NE(refused.output.find(hints ? "--hints-mb" : "--hedge-percent"), std::string::npos)
        << refused.output;
    const auto help = cluster.Shell(std::string(variable) + " meridiand --help");
    EXPECT_EQ(help.code, 0) << variable << ": " << help.output;
    EXPECT_NE(help.output.find("MERIDIAN_HINTS_MB"), std::string::npos) << help.output;
  }
}

class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(cluster_.Up()); }

  testing::AssertionResult AllAnswer(const std::string& key, int status) {
    for (const std::string& region : kRegions) {
      io::HttpReply last;
      if (!Eventually([&] { return (last = cluster_.Get(region, key)).status == status; })) {
        return testing::AssertionFailure()
               << region << " answers " << last.status << ": " << last.body;
      }
    }
    return testing::AssertionSuccess();
  }

  Cluster cluster_;
};

TEST_F(SandboxTest, WhatOneRegionWroteEveryRegionReads) {
  ASSERT_EQ(cluster_.Put("us-east", "cart", "milk").status, 200);
  ASSERT_TRUE(AllAnswer("cart", 200));
  EXPECT_EQ(json::parse(cluster_.Get("ap-south", "cart").body)["value"], "milk");

  const auto read = cluster_.Meridian({"get", "cart", "--region", "eu-west"});
  EXPECT_EQ(read.code, 0);
  EXPECT_EQ(read.output.substr(0, 5), "milk\n");
}

TEST_F(SandboxTest, ADeleteInOneRegionIsADeleteInAll) {
  ASSERT_EQ(cluster_.Put("us-east", "cart", "milk").status, 200);
  ASSERT_TRUE(AllAnswer("cart", 200));
  ASSERT_EQ(cluster_.Delete("eu-west", "cart", ContextOf(cluster_.Get("eu-west", "cart"))).status,
            200);
  EXPECT_TRUE(AllAnswer("cart", 404));
  EXPECT_EQ(cluster_.Meridian({"get", "cart", "-r", "ap-south"}).code, 1);
}

TEST_F(SandboxTest, ConcurrentUpdatesAreShownInEveryRegionAndAMergeSettlesThem) {
  ASSERT_EQ(cluster_.Put("us-east", "cart", "milk").status, 200);
  ASSERT_TRUE(AllAnswer("cart", 200));
  const std::string context = ContextOf(cluster_.Get("eu-west", "cart"));
  ASSERT_EQ(cluster_.Put("us-east", "cart", "milk, eggs", context).status, 200);
  ASSERT_EQ(cluster_.Put("eu-west", "cart", "milk, bread", context).status, 200);
  ASSERT_TRUE(AllAnswer("cart", 300));
  const json both = json::parse(cluster_.Get("ap-south", "cart").body);
  EXPECT_EQ(both["versions"].size(), 2U);

  const std::string merged = both.value("context", std::string());
  ASSERT_EQ(cluster_.Put("ap-south", "cart", "milk, eggs, bread", merged).status, 200);
  ASSERT_TRUE(AllAnswer("cart", 200));
  for (const std::string& region : kRegions) {
    EXPECT_EQ(json::parse(cluster_.Get(region, "cart").body)["value"], "milk, eggs, bread");
  }
}

TEST_F(SandboxTest, TheCommandLineShowsSiblingsAndTakesTheirContext) {
  ASSERT_EQ(cluster_.Meridian({"put", "cart", "milk"}).code, 0);
  ASSERT_EQ(cluster_.Meridian({"put", "cart", "eggs"}).code, 0);
  const auto read = cluster_.Meridian({"get", "cart"});
  EXPECT_EQ(read.code, 3) << read.output;
  EXPECT_NE(read.output.find(": milk\n"), std::string::npos) << read.output;
  EXPECT_NE(read.output.find(": eggs\n"), std::string::npos) << read.output;
  EXPECT_NE(read.output.find("--context"), std::string::npos) << read.output;

  const std::string context = ContextIn(read.output);
  ASSERT_EQ(cluster_.Meridian({"put", "cart", "both", "--context", context}).code, 0);
  const auto settled = cluster_.Meridian({"get", "cart"});
  EXPECT_EQ(settled.code, 0);
  EXPECT_EQ(settled.output.substr(0, 5), "both\n");
}

TEST_F(SandboxTest, WhatWasWrittenWhileTheWanWasCutArrivesOnceItIsHealed) {
  ASSERT_EQ(cluster_.Put("us-east", "warm", "up").status, 200);
  ASSERT_TRUE(AllAnswer("warm", 200));
  for (const char* other : {"eu-west", "ap-south"}) {
    ASSERT_EQ(cluster_.Meridian({"dev", "cut", "us-east", other}).code, 0);
  }
  ASSERT_EQ(cluster_.Put("us-east", "cart", "milk").status, 200);
  ASSERT_EQ(cluster_.Put("eu-west", "list", "bread").status, 200);
  ASSERT_TRUE(Eventually([&] { return cluster_.Get("ap-south", "list").status == 200; }));
  EXPECT_EQ(cluster_.Get("eu-west", "cart").status, 404);
  EXPECT_EQ(cluster_.Get("us-east", "list").status, 404);
  for (const char* other : {"eu-west", "ap-south"}) {
    ASSERT_EQ(cluster_.Meridian({"dev", "heal", "us-east", other}).code, 0);
  }
  EXPECT_TRUE(AllAnswer("cart", 200));
  EXPECT_TRUE(AllAnswer("list", 200));
}

TEST_F(SandboxTest, AReadOfEveryRegionSeesWhatIsNotShippedYetAndNamesARegionThatIsCutOff) {
  const auto read = [&](const char* timeout_ms) {
    return cluster_.Meridian({"get", "cart", "--region", "us-east", "--level", "each_quorum",
                              "--timeout-ms", timeout_ms});
  };
  ASSERT_EQ(cluster_.Meridian({"dev", "cut", "us-east", "eu-west"}).code, 0);
  const auto named = read("2000");
  EXPECT_EQ(named.code, 4) << named.output;
  EXPECT_NE(named.output.find("no quorum of eu-west"), std::string::npos) << named.output;
  ASSERT_EQ(cluster_.Put("eu-west", "cart", "milk").status, 200);
  EXPECT_EQ(cluster_.Get("us-east", "cart").status, 404);
  ASSERT_EQ(cluster_.Meridian({"dev", "heal", "us-east", "eu-west"}).code, 0);
  EXPECT_EQ(read("20000").output.substr(0, 5), "milk\n") << "whether it has been shipped or not";

  // Nothing waits at a gateway that is killed.
  ASSERT_EQ(cluster_.Meridian({"dev", "kill", "ap-south-gw-1"}).code, 0);
  const auto without = read("2000");
  EXPECT_NE(without.output.find("no quorum of ap-south"), std::string::npos) << without.output;
  ASSERT_TRUE(cluster_.Up());
  EXPECT_EQ(read("20000").output.substr(0, 5), "milk\n");
}

TEST_F(SandboxTest, DownEndsEveryProcessInOrderAndUpFindsTheDataAgain) {
  ASSERT_EQ(cluster_.Put("us-east", "cart", "milk").status, 200);
  const auto down = cluster_.Meridian({"dev", "down"});
  EXPECT_EQ(down.code, 0);
  EXPECT_EQ(down.output.find("killed"), std::string::npos) << down.output;
  EXPECT_NE(down.output.find("13 processes stopped"), std::string::npos) << down.output;
  EXPECT_EQ(cluster_.Meridian({"dev", "status"}).code, 1);
  EXPECT_EQ(cluster_.Meridian({"get", "cart", "--timeout-ms", "500"}).code, 4);

  ASSERT_TRUE(cluster_.Up());
  EXPECT_TRUE(AllAnswer("cart", 200));
}

TEST_F(SandboxTest, StatusAndLagTellOfEveryProcessAndPair) {
  ASSERT_EQ(cluster_.Put("us-east", "cart", "milk").status, 200);
  ASSERT_TRUE(AllAnswer("cart", 200));
  const auto status = cluster_.Meridian({"status"});
  EXPECT_EQ(status.code, 0) << status.output;
  EXPECT_NE(status.output.find("ap-south-gw-1"), std::string::npos) << status.output;
  const auto lag = cluster_.Meridian({"lag"});
  EXPECT_EQ(lag.code, 0) << lag.output;
  for (const std::string& region : kRegions) {
    EXPECT_NE(lag.output.find(region + "-gw-1\n"), std::string::npos) << lag.output;
  }
}

TEST(CommandLineTest, WrongUsageEndsWithTwo) {
  const Cluster cluster;
  EXPECT_EQ(cluster.Meridian({"frobnicate"}).code, 2);
  EXPECT_EQ(cluster.Meridian({"put", "key"}).code, 2);
  EXPECT_EQ(cluster.Meridian({"get", "key", "--region", "nowhere"}).code, 2);
  EXPECT_EQ(cluster.Meridian({"get", "key", "--namespace", "nowhere"}).code, 2);
  EXPECT_EQ(cluster.Meridian({"dev", "status"}).code, 2);
}

TEST(CommandLineTest, AnEmptyContextIsNotTakenForNone) {
  const Cluster cluster;
  for (const char* command : {"put cart milk", "del cart"}) {
    const auto refused =
        cluster.Shell("meridian " + std::string(command) + " -t topology.yaml --context \"\"");
    EXPECT_EQ(refused.code, 2) << refused.output;
    EXPECT_NE(refused.output.find("--context is empty"), std::string::npos) << refused.output;
  }
}

TEST(CommandLineTest, ARegionThatDoesNotAnswerIsGivenUpLongBeforeEveryRecordHasTimedOut) {
  const Cluster cluster;
  const std::string records = cluster.WriteRecords(5'000);
  const Instant begin = io::Now().monotonic;
  const auto load = cluster.Meridian({"load", records, "--format", "lines"});
  EXPECT_EQ(load.code, 4);
  EXPECT_NE(load.output.find("gave up: region us-east does not answer"), std::string::npos);
  EXPECT_NE(load.output.find("5,000 records were not stored"), std::string::npos) << load.output;
  // A window of 256 calls of 30 s each would take ten minutes.
  EXPECT_LT(io::Now().monotonic - begin, std::chrono::seconds(25));
}

TEST(CommandLineTest, ASourceWithoutRecordsIsNoSuccess) {
  const Cluster cluster;
  const std::string none = cluster.WriteRecords(0);
  for (const char* command : {"load", "verify", "demo"}) {
    const auto refused = cluster.Meridian({command, none, "-n", "packages"});
    EXPECT_EQ(refused.code, 2) << command << ": " << refused.output;
    EXPECT_NE(refused.output.find(none + " has no records"), std::string::npos) << refused.output;
  }
}

TEST(CommandLineTest, RecordsThatAreRefusedForWhatTheyAreAreNotToBeLoadedAgain) {
  const Cluster cluster;
  const std::string records = cluster.directory() + "/long";
  std::ofstream(records) << std::string(2'000, 'k') << "\tvalue\n";
  const auto load = cluster.Meridian({"load", records, "--format", "lines", "-n", "packages"});
  EXPECT_EQ(load.code, 2) << load.output;
  EXPECT_EQ(load.output.find("load again"), std::string::npos) << load.output;
}

TEST(CommandLineTest, WhatIsInterruptedEndsAtOnceAndReportsNothing) {
  const Cluster cluster;  // nobody answers, so it is still under way when the signal comes
  const std::string records = cluster.WriteRecords(1'000);
  for (const char* command : {"load", "verify", "demo"}) {
    const Instant begin = io::Now().monotonic;
    const auto ended =
        cluster.Shell("timeout --preserve-status -s INT 1 meridian " + std::string(command) + ' ' +
                      records + " --format lines -t topology.yaml -n packages");
    EXPECT_EQ(ended.code, 130) << ended.output;
    EXPECT_NE(ended.output.find("interrupted"), std::string::npos) << ended.output;
    EXPECT_EQ(ended.output.find("the client was closed"), std::string::npos) << ended.output;
    EXPECT_EQ(ended.output.find("Report"), std::string::npos) << ended.output;
    EXPECT_LT(io::Now().monotonic - begin, std::chrono::seconds(10));
  }
}

TEST(CommandLineTest, MistakesOfATopologyAreNamedByLine) {
  const Cluster cluster;
  const std::string right = cluster.topology_file();
  EXPECT_EQ(cluster.Meridian({"topology", "validate", right}).code, 0);
  const std::string wrong = cluster.directory() + "/wrong.yaml";
  std::ofstream(wrong) << "epoch: 1\npartitions: 100\nregions:\n";
  const auto told = cluster.Meridian({"topology", "validate", wrong});
  EXPECT_EQ(told.code, 1);
  EXPECT_NE(told.output.find(wrong + ":2:"), std::string::npos) << told.output;
}

TEST(CommandLineTest, APlanTellsWhatMovesAndWhatIsRefused) {
  const Cluster cluster({"us-east"});
  std::ifstream present(cluster.topology_file());
  std::string text((std::istreambuf_iterator<char>(present)), {});
  const auto change = [&](const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  const std::string next = cluster.directory() + "/next.yaml";
  change(
      "    gateways:\n",
      "      us-east-4: {id: 4, rack: r4, host: 127.0.0.1, http: 1001, ring: 1002, client: 1003}\n"
      "    gateways:\n");
  std::ofstream(next) << text;
  const auto refused = cluster.Meridian({"topology", "plan", next});
  EXPECT_EQ(refused.code, 1) << refused.output;
  EXPECT_NE(refused.output.find("the next is 2"), std::string::npos) << refused.output;

  change("epoch: 1", "epoch: 2");
  std::ofstream(next) << text;
  const auto told = cluster.Meridian({"topology", "plan", next, "--json"});
  EXPECT_EQ(told.code, 0) << told.output;
  const json plan = json::parse(told.output, nullptr, false);
  ASSERT_TRUE(plan.is_object()) << told.output;
  const json& region = plan["regions"]["us-east"];
  EXPECT_EQ(region["copies"], 64 * 3);
  EXPECT_EQ(region["copies_moving"], 64 * 3 / 4) << "a quarter, and not one copy more";
  for (const json& move : region["partitions"]) EXPECT_EQ(move["to"], 4);
  EXPECT_TRUE(region["bytes_moving"].is_null());

  EXPECT_EQ(cluster.Meridian({"topology", "plan", cluster.directory() + "/none.yaml"}).code, 2);
}

}  // namespace
}  // namespace meridian::process_tests
