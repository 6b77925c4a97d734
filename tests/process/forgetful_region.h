// One region of three real nodes whose disks forget at `kill -9` what was not synced, as in a power
// cut (io/unsynced_env.h), for tests of what an acknowledgement is worth.
//
//     ForgetfulRegion region;
//     ASSERT_TRUE(region.Start({0, 1, 2}));
//     region.Kill({0, 1, 2});                // at the same instant
//     ASSERT_TRUE(region.Start({0, 1, 2}));  // what was synced is there again, and nothing else
//
// Namespaces, both `lww`: "synced" (durability sync) and "hasty" (durability os). Everything is in
// a temporary directory and on ports of its own; the end of the object kills what it started, and
// shows the ends of the logs if the test has failed.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/processes.h"
#include "local/topology.h"

namespace meridian::process_tests {

class ForgetfulRegion {
 public:
  static constexpr std::size_t kNodes = 3;
  static inline const std::vector<std::size_t> kAll = {0, 1, 2};

  ForgetfulRegion();
  ~ForgetfulRegion();
  ForgetfulRegion(const ForgetfulRegion&) = delete;
  ForgetfulRegion& operator=(const ForgetfulRegion&) = delete;

  // Starts these nodes and waits until they are ready.
  [[nodiscard]] bool Start(const std::vector<std::size_t>& nodes);
  // kill -9 to all of these, then waits until they are gone.
  void Kill(const std::vector<std::size_t>& nodes);

  // Of a node that does not run. Puts a copy of its data aside; puts that copy in its place;
  // empties it.
  void BackUp(std::size_t node);
  void Restore(std::size_t node);
  void Wipe(std::size_t node);

  const local::Topology& topology() const { return topology_; }
  RegionId id() const { return topology_.regions.front().id; }
  // A topology with which the client library asks this node and no other, whoever holds the key.
  local::Topology OnlyThrough(std::size_t node) const;
  // How many mutations a node holds; nothing if it does not say.
  std::optional<std::uint64_t> MutationsSeen(std::size_t node) const;

 private:
  const local::Node& NodeOf(std::size_t node) const {
    return topology_.regions.front().nodes[node];
  }
  std::string DataOf(std::size_t node) const { return directory_ + "/data-" + NodeOf(node).name; }
  std::string LogOf(std::size_t node) const {
    return directory_ + '/' + NodeOf(node).name + ".log";
  }

  std::string directory_;
  local::Topology topology_;
  std::array<io::Pid, kNodes> pids_{};  // 0: does not run
};

}  // namespace meridian::process_tests
