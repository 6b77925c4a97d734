#include "process/cluster.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "client/text.h"
#include "io/clocks.h"
#include "io/files.h"
#include "io/processes.h"

namespace meridian::process_tests {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::uint16_t kPortsARegion = 30;
constexpr std::uint16_t kPortsACluster = 100;  // the last ten are the emulator's

}  // namespace

std::string NewDirectory() {
  std::string name = (fs::temp_directory_path() / "meridian-test-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  return name;
}

std::uint16_t FreePorts() {
  for (const std::uint16_t base : std::initializer_list<std::uint16_t>{7500, 8500, 9500}) {
    bool free = true;
    for (std::uint16_t i = 0; i < kPortsACluster && free; ++i) {
      free = !io::ListenerOf(static_cast<std::uint16_t>(base + i)).has_value();
    }
    if (free) return base;
  }
  ADD_FAILURE() << "no free ports at 7500, 8500 or 9500";
  return 7500;
}

bool Eventually(const std::function<bool()>& condition, std::chrono::seconds patience) {
  const Instant deadline = io::Now().monotonic + patience;
  for (;;) {
    if (condition()) return true;
    if (io::Now().monotonic > deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
}

Cluster::Cluster(std::vector<std::string> regions, std::size_t nodes)
    : directory_(NewDirectory()),
      regions_(std::move(regions)),
      nodes_(nodes),
      base_port_(FreePorts()) {
  std::ofstream(topology_file()) << TopologyText();
}

Cluster::~Cluster() {
  if (testing::Test::HasFailure()) {
    std::error_code none;
    for (const auto& log : fs::directory_iterator(directory_ + "/home/logs", none)) {
      std::fprintf(stderr, "---- %s\n", log.path().filename().c_str());
      for (const std::string& line : io::LastLines(log.path(), 15)) {
        std::fprintf(stderr, "%s\n", line.c_str());
      }
    }
  }
  if (io::FileExists(directory_ + "/home/settings.json")) {
    const Ended down = Meridian({"dev", "down"});
    if (down.code != 0) ADD_FAILURE() << "processes may be left over: " << down.output;
  }
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

std::string Cluster::TopologyText() const {
  std::string regions;
  std::string replicas;
  for (std::size_t r = 0; r < regions_.size(); ++r) {
    const std::string& name = regions_[r];
    const auto port = [&](std::size_t kind, std::size_t number) {
      return std::to_string(base_port_ + r * kPortsARegion + kind * 10 + number);
    };
    regions += "  " + name + ":\n    id: " + std::to_string(r + 1) + "\n    nodes:\n";
    for (std::size_t n = 1; n <= nodes_; ++n) {
      regions += "      " + name + "-" + std::to_string(n) + ": {id: " + std::to_string(n) +
                 ", rack: r" + std::to_string(n) + ", host: 127.0.0.1, http: " + port(0, n) +
                 ", ring: " + port(1, n) + ", client: " + port(2, n) + ", weight: 100}\n";
    }
    regions += "    gateways:\n      " + name +
               "-gw-1: {id: 1, host: 127.0.0.1, http: " + port(0, 9) + ", ring: " + port(1, 9) +
               ", wan: " + port(2, 9) + "}\n";
    replicas += (r == 0 ? "" : ", ") + name + ": 3";
  }
  return "epoch: 1\npartitions: 64\nregions:\n" + regions +
         "placements:\n  everywhere: {id: 1, replicas: {" + replicas + "}}\n" +
         "namespaces:\n"
         "  default: {id: 1, placement: everywhere, type: register, policy: siblings}\n"
         "  packages: {id: 2, placement: everywhere, type: register, policy: lww}\n"
         "limits: {key_bytes: 1024, value_bytes: 1048576}\n";
}

bool Cluster::Up() {
  const Ended up =
      Meridian({"dev", "up", "--wan-delay-ms", "5", "--wan-port", std::to_string(base_port_ + 90)});
  EXPECT_EQ(up.code, 0) << up.output;
  return up.code == 0;
}

Cluster::Ended Cluster::Run(const std::string& binary,
                            const std::vector<std::string>& arguments) const {
  std::string command = std::string(MERIDIAN_BIN_DIR) + '/' + binary;
  for (const std::string& argument : arguments) command += ' ' + client::ShellQuoted(argument);
  return Execute(command + " --data " + directory_ + "/home --topology " + topology_file());
}

Cluster::Ended Cluster::Shell(const std::string& line) const {
  return Execute("cd " + directory_ + " && PATH=" MERIDIAN_BIN_DIR ":$PATH MERIDIAN_HOME=" +
                 directory_ + "/home bash -c " + client::ShellQuoted(line));
}

Cluster::Ended Cluster::Execute(const std::string& command) {
  Ended ended;
  FILE* output = popen(("{ " + command + "; } 2>&1 </dev/null").c_str(), "r");
  if (output == nullptr) return ended;
  char buffer[4096];
  for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, output)) > 0;) {
    ended.output.append(buffer, size);
  }
  const int status = pclose(output);
  if (WIFEXITED(status)) ended.code = WEXITSTATUS(status);
  return ended;
}

io::HttpReply Cluster::Fetch(const std::string& region, const io::HttpCall& call,
                             std::size_t node) const {
  const auto found = std::find(regions_.begin(), regions_.end(), region);
  const auto index = static_cast<std::size_t>(found - regions_.begin());
  const std::size_t port = base_port_ + index * kPortsARegion + node;
  io::HttpClient client("http://127.0.0.1:" + std::to_string(port), 5s);
  Result<io::HttpReply> reply = client.Fetch(call);
  return reply ? std::move(*reply) : io::HttpReply{};
}

io::HttpReply Cluster::Get(const std::string& region, const std::string& key) const {
  return Fetch(region, {.method = "GET", .path = "/kv/" + key, .headers = {}, .body = {}});
}

io::HttpReply Cluster::Put(const std::string& region, const std::string& key,
                           const std::string& value, const std::string& context) const {
  nlohmann::json body = {{"value", value}};
  if (!context.empty()) body["context"] = context;
  return Fetch(region, {.method = "PUT", .path = "/kv/" + key, .headers = {}, .body = body.dump()});
}

io::HttpReply Cluster::Delete(const std::string& region, const std::string& key,
                              const std::string& context) const {
  io::HttpCall call{.method = "DELETE", .path = "/kv/" + key, .headers = {}, .body = {}};
  if (!context.empty()) call.headers.push_back("X-Meridian-Context: " + context);
  return Fetch(region, call);
}

io::HttpReply Cluster::Page(const std::string& region, std::size_t node,
                            const std::string& path) const {
  return Fetch(region, {.method = "GET", .path = path, .headers = {}, .body = {}}, node);
}

std::string Cluster::WriteRecords(std::size_t count, const std::string& prefix) const {
  const std::string name = directory_ + "/" + prefix + "s";
  std::ofstream file(name);
  for (std::size_t i = 0; i < count; ++i) {
    file << prefix << '/' << i << '\t' << "value of record " << i << ' ' << std::string(150, 'x')
         << i * 7919 << '\n';
  }
  return name;
}

std::uint64_t Cluster::StatusNumber(const std::string& process, const std::string& field) const {
  const Ended status = Meridian({"status", "--json"});
  const auto json =
      nlohmann::json::parse(status.output.substr(0, status.output.rfind('}') + 1), nullptr, false);
  if (!json.is_object()) return 0;
  const nlohmann::json::json_pointer place('/' + process + '/' + field);
  return json.contains(place) && json[place].is_number() ? json[place].get<std::uint64_t>() : 0;
}

}  // namespace meridian::process_tests
