#include "process/forgetful_region.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "base/check.h"
#include "client/home.h"
#include "client/probe.h"
#include "io/files.h"
#include "process/cluster.h"

namespace meridian::process_tests {
namespace {

std::string TopologyText(std::uint16_t base_port) {
  std::string nodes;
  for (std::size_t n = 1; n <= ForgetfulRegion::kNodes; ++n) {
    const auto port = [&](std::size_t kind) { return std::to_string(base_port + kind * 10 + n); };
    const std::string number = std::to_string(n);
    nodes += "      node-" + number + ": {id: " + number + ", rack: r" + number +
             ", host: 127.0.0.1, http: " + port(0) + ", ring: " + port(1) + ", client: " + port(2) +
             ", weight: 100}\n";
  }
  return "epoch: 1\npartitions: 64\nregions:\n  here:\n    id: 1\n    nodes:\n" + nodes +
         "placements:\n  here: {id: 1, replicas: {here: 3}}\n"
         "namespaces:\n"
         "  default: {id: 3, placement: here, type: register}\n"
         "  synced: {id: 1, placement: here, type: register, policy: lww, durability: sync}\n"
         "  hasty: {id: 2, placement: here, type: register, policy: lww, durability: os}\n"
         "limits: {key_bytes: 1024, value_bytes: 1048576}\n";
}

}  // namespace

ForgetfulRegion::ForgetfulRegion() : directory_(NewDirectory()) {
  const std::string file = directory_ + "/topology.yaml";
  EXPECT_TRUE(io::WriteFile(file, TopologyText(FreePorts())));
  EXPECT_TRUE(io::WriteFile(directory_ + "/secret", std::string(32, 's'), 0600));
  Result<local::Topology> topology = client::LoadTopology(file);
  if (!topology) std::fprintf(stderr, "%s\n", topology.error().message.c_str());
  MERIDIAN_CHECK(topology);
  topology_ = std::move(*topology);
}

ForgetfulRegion::~ForgetfulRegion() {
  Kill(kAll);
  if (testing::Test::HasFailure()) {
    for (const std::size_t node : kAll) {
      std::fprintf(stderr, "---- %s\n", LogOf(node).c_str());
      for (const std::string& line : io::LastLines(LogOf(node), 15)) {
        std::fprintf(stderr, "%s\n", line.c_str());
      }
    }
  }
  (void)io::Remove(directory_);
}

bool ForgetfulRegion::Start(const std::vector<std::size_t>& nodes) {
  for (const std::size_t node : nodes) {
    const std::string& name = NodeOf(node).name;
    const Result<io::Pid> pid =
        io::StartDetached({std::string(MERIDIAN_BIN_DIR) + "/meridiand", "--topology",
                           directory_ + "/topology.yaml", "--name", name, "--data", DataOf(node),
                           "--secret", directory_ + "/secret", "--testing-discard-unsynced"},
                          LogOf(node));
    if (!pid) return ADD_FAILURE() << pid.error().message, false;
    pids_[node] = *pid;
  }
  for (const std::size_t node : nodes) {
    if (Eventually([&] { return client::IsReady(NodeOf(node).http); })) continue;
    ADD_FAILURE() << NodeOf(node).name << " does not become ready";
    return false;
  }
  return true;
}

void ForgetfulRegion::Kill(const std::vector<std::size_t>& nodes) {
  for (const std::size_t node : nodes) {
    if (pids_[node] != 0) (void)io::SendSignal(pids_[node], io::ProcessSignal::kKill);
  }
  for (const std::size_t node : nodes) {
    if (pids_[node] == 0) continue;
    EXPECT_TRUE(Eventually([&] { return io::StateOf(pids_[node]) == io::ProcessState::kGone; }))
        << NodeOf(node).name << " outlived kill -9";
    pids_[node] = 0;
  }
}

void ForgetfulRegion::BackUp(std::size_t node) {
  std::filesystem::remove_all(DataOf(node) + ".copy");
  std::filesystem::copy(DataOf(node), DataOf(node) + ".copy",
                        std::filesystem::copy_options::recursive);
}

void ForgetfulRegion::Restore(std::size_t node) {
  Wipe(node);
  std::filesystem::copy(DataOf(node) + ".copy", DataOf(node),
                        std::filesystem::copy_options::recursive);
}

void ForgetfulRegion::Wipe(std::size_t node) {
  std::filesystem::remove_all(DataOf(node));
}

local::Topology ForgetfulRegion::OnlyThrough(std::size_t node) const {
  local::Topology topology = topology_;
  for (local::Node& other : topology.regions.front().nodes) other.client = NodeOf(node).client;
  return topology;
}

std::optional<std::uint64_t> ForgetfulRegion::MutationsSeen(std::size_t node) const {
  const auto status = client::StatusOf(NodeOf(node).http);
  if (!status || !status->contains("mutations_seen")) return std::nullopt;
  return (*status)["mutations_seen"].get<std::uint64_t>();
}

}  // namespace meridian::process_tests
