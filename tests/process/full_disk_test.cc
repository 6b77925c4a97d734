// A node whose disk is full, with real processes and a real file system: it goes on and says so.
//
// The disk is a tmpfs of 600 MB under one node's data, which only root may mount; without it the
// test is skipped (tests/io/lasting_storage_test.cc needs none).

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>

#include "process/cluster.h"
#include "process/runbook.h"

namespace meridian::process_tests {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint64_t kMegabyte = 1 << 20;

class SmallDisk {
 public:
  SmallDisk() : directory_(NewDirectory()) {
    mounted_ = std::system(("mount -t tmpfs -o size=600m tmpfs " + directory_).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) {
      EXPECT_EQ(std::system(("umount " + directory_).c_str()), 0);
    }
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::string data() const { return directory_ + "/data"; }

  // Until no more than so much is left.
  void FillUp(std::uint64_t left) const {
    const int file = open((directory_ + "/filler").c_str(), O_CREAT | O_WRONLY, 0600);
    ASSERT_GE(file, 0);
    const std::uint64_t available = fs::space(directory_).available;
    const auto size = static_cast<std::int64_t>(fs::file_size(directory_ + "/filler"));
    if (available > left) {
      EXPECT_EQ(posix_fallocate(file, size, static_cast<std::int64_t>(available - left)), 0);
    }
    close(file);
  }
  void MakeRoom() const { fs::remove(directory_ + "/filler"); }

 private:
  std::string directory_;
  bool mounted_ = false;
};

class FullDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!disk_.mounted()) GTEST_SKIP() << "no tmpfs may be mounted here";
    fs::create_directories(disk_.data());
    fs::create_directories(cluster_.directory() + "/home/data");
    fs::create_directory_symlink(disk_.data(), cluster_.directory() + "/home/data/us-east-2");
    ASSERT_TRUE(cluster_.Up());
  }

  json Status(std::size_t node) const {
    return json::parse(cluster_.Page("us-east", node, "/status").body, nullptr, false);
  }
  bool RoomBecomes(const std::string& room) const {
    return Eventually([&] {
      const json own = Status(2);
      const json others = Status(1);
      return own.is_object() && others.is_object() && own["disk_room"] == room &&
             others["peers"]["us-east-2"]["disk_room"] == room;
    });
  }
  io::HttpReply At2(const std::string& method, const std::string& key) const {
    io::HttpCall call{.method = method, .path = "/kv/" + key, .headers = {}, .body = {}};
    if (method == "PUT") call.body = R"({"value": "v"})";
    return cluster_.Ask("us-east", 2, call);
  }

  SmallDisk disk_;
  Cluster cluster_{{"us-east"}};
};

TEST_F(FullDiskTest, ItRefusesWritesReadsOnAndComesBackByItself) {
  ASSERT_EQ(cluster_.Put("us-east", "milk", "1").status, 200);
  const std::uint64_t start = cluster_.StatusNumber("us-east-2", "incarnation");

  disk_.FillUp(300 * kMegabyte);
  ASSERT_TRUE(RoomBecomes("low"));
  const auto refused = At2("PUT", "eggs");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("the disk of us-east-2 is nearly full"), std::string::npos)
      << refused.body;
  EXPECT_EQ(At2("GET", "milk").status, 200);
  EXPECT_EQ(At2("DELETE", "milk").status, 200);

  // While it writes: also RocksDB itself may find no room.
  const std::string records = cluster_.WriteRecords(20'000);
  auto load = std::async(std::launch::async, [&] {
    return cluster_.Meridian({"load", records, "--format", "lines", "-n", "packages"});
  });
  disk_.FillUp(0);
  ASSERT_TRUE(RoomBecomes("none"));
  const auto loaded = load.get();
  EXPECT_EQ(loaded.code, 0) << "two of three are a quorum: " << loaded.output;
  EXPECT_EQ(At2("PUT", "eggs").status, 503);
  EXPECT_EQ(At2("GET", "milk").status, 404) << "reads go on, and know of the delete";
  EXPECT_EQ(cluster_.Put("us-east", "bread", "1").status, 200) << "the others write";
  EXPECT_EQ(At2("GET", "bread").status, 200);
  const auto status = cluster_.Meridian({"status"});
  EXPECT_NE(status.output.find("none"), std::string::npos) << status.output;

  disk_.MakeRoom();
  ASSERT_TRUE(RoomBecomes("plenty"));
  EXPECT_TRUE(Eventually([&] { return At2("PUT", "eggs").status == 200; }));
  EXPECT_TRUE(Eventually([&] {
    return cluster_.StatusNumber("us-east-2", "mutations_seen") ==
           cluster_.StatusNumber("us-east-1", "mutations_seen");
  })) << "it caught up";
  EXPECT_EQ(cluster_.StatusNumber("us-east-2", "incarnation"), start) << "the same process";
  const auto verify = cluster_.Meridian({"verify", records, "--format", "lines", "-n", "packages"});
  EXPECT_EQ(verify.code, 0) << verify.output;
}

TEST_F(FullDiskTest, ItsRunbook) {
  const Runbook page("a-disk-is-full");
  disk_.FillUp(300 * kMegabyte);
  page.Run(cluster_, "Confirm");
  page.Run(cluster_, "Why");
  page.Run(cluster_, "Act");
  disk_.MakeRoom();
  page.Run(cluster_, "Verify");
}

}  // namespace
}  // namespace meridian::process_tests
