// The runbooks' commands, run as they stand where their symptoms are real.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "process/cluster.h"
#include "process/runbook.h"
#include "support/alter_rows.h"

namespace meridian::process_tests {
namespace {

namespace fs = std::filesystem;

class RunbooksTest : public ::testing::Test {
 protected:
  void Load(const Cluster& cluster, std::size_t count) {
    const std::string records = cluster.WriteRecords(count);
    const auto loaded = cluster.Meridian({"load", records, "--format", "lines", "-n", "packages"});
    ASSERT_EQ(loaded.code, 0) << loaded.output;
  }
  void Kill(const Cluster& cluster, const std::string& process) {
    const auto killed = cluster.Meridian({"dev", "kill", process});
    ASSERT_EQ(killed.code, 0) << killed.output;
  }
  std::string DataOf2(const Cluster& cluster) {
    return cluster.directory() + "/home/data/us-east-2";
  }
};

TEST_F(RunbooksTest, ANodeIsDown) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  Kill(cluster, "us-east-2");
  Runbook("a-node-is-down").RunAll(cluster);
}

TEST_F(RunbooksTest, HintsDoNotDrain) {
  Cluster cluster({"us-east"}, 5);
  ASSERT_TRUE(cluster.Up());
  for (const char* neighbour : {"us-east-2", "us-east-3"}) Kill(cluster, neighbour);
  const std::string records = cluster.WriteRecords(500);
  ASSERT_TRUE(Eventually([&] {  // from the moment they are taken for down
    cluster.Meridian({"load", records, "--format", "lines", "-n", "packages"});
    return cluster.Meridian({"status"}).output.find("keeps") != std::string::npos;
  }));
  Runbook("hints-do-not-drain").RunAll(cluster);
}

TEST_F(RunbooksTest, TheAuditFoundSomething) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  Load(cluster, 1000);
  Kill(cluster, "us-east-2");
  Result<std::size_t> altered = std::size_t{0};
  ASSERT_TRUE(Eventually([&] {  // once the killed process has let go of its directory
    altered = AlterRows(DataOf2(cluster), 20, Harm::kValue);
    return altered.has_value();
  })) << altered.error().message;
  ASSERT_TRUE(cluster.Up());
  Runbook("the-audit-found-something").RunAll(cluster);
}

TEST_F(RunbooksTest, ADiskIsLost) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  Load(cluster, 1000);
  Kill(cluster, "us-east-2");
  for (const auto& file : fs::directory_iterator(DataOf2(cluster))) {
    if (file.path().filename().string().starts_with("MANIFEST")) fs::resize_file(file.path(), 20);
  }
  Runbook("a-disk-is-lost").RunAll(cluster);
}

TEST_F(RunbooksTest, LagGrows) {
  Cluster cluster({"us-east", "eu-west"});
  ASSERT_TRUE(cluster.Up());
  Load(cluster, 100);
  ASSERT_EQ(cluster.Meridian({"dev", "cut", "us-east", "eu-west"}).code, 0);
  Load(cluster, 200);
  Runbook("lag-grows").RunAll(cluster);
}

TEST_F(RunbooksTest, AProcessDoesNotStart) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  Kill(cluster, "us-east-2");
  fs::permissions(cluster.directory() + "/home/secret", fs::perms::others_read,
                  fs::perm_options::add);
  Runbook("a-process-does-not-start").RunAll(cluster);
}

TEST_F(RunbooksTest, AChangeDoesNotEnd) {
  Cluster cluster({"us-east"});
  ASSERT_TRUE(cluster.Up());
  Load(cluster, 1000);
  const auto port = [&](int kind) { return std::to_string(cluster.base_port() + kind * 10 + 4); };
  const std::string fourth = "us-east-4: {id: 4, rack: r4, host: 127.0.0.1, http: " + port(0) +
                             ", ring: " + port(1) + ", client: " + port(2) + ", weight: 100}";
  const auto applied = cluster.Shell(
      "sed -e 's/^epoch: 1$/epoch: 2/' -e 's/^\\( *\\)us-east-3:.*$/&\\n\\1" + fourth +
      "/' topology.yaml > next.yaml && meridian topology apply next.yaml --version 2");
  ASSERT_EQ(applied.code, 0) << applied.output;
  Runbook("a-change-does-not-end").RunAll(cluster);
}

}  // namespace
}  // namespace meridian::process_tests
