// Where a sandbox keeps what it has, and which topology it runs.
//
//     .meridian/                     --data DIR, or MERIDIAN_HOME
//       secret                       shared by all regions; mode 600
//       settings.json                what `dev up` was told; outlives `dev down`
//       data/us-east-1/              RocksDB of a node
//       logs/us-east-1.log
//       run/us-east-1.pid
//
// Every command finds the system through it: the topology is --topology, else the one that `dev up`
// noted here, else the sandbox of the repository. It is one home by whatever path it is reached.

#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "local/topology.h"

namespace meridian::client {

// The options that every command of `meridian` takes.
struct CommonOptions {
  std::string home;      // empty: MERIDIAN_HOME, else ./.meridian
  std::string topology;  // empty: see above
};

// What `dev up` notes for those that come later.
struct Settings {
  std::string topology;  // absolute
  bool emulate_wan = true;
  std::uint64_t wan_delay_ms = 40;
  std::uint64_t wan_mbit = 100;
  std::uint16_t wan_port = 7400;  // of the emulator's control; its links listen on those after it
};

class Home {
 public:
  explicit Home(const CommonOptions& options);

  // Canonical: what runs is known by it.
  const std::string& root() const { return root_; }
  std::string SecretFile() const { return root_ + "/secret"; }
  std::string DataOf(const std::string& process) const { return root_ + "/data/" + process; }
  std::string LogOf(const std::string& process) const {
    return root_ + "/logs/" + process + ".log";
  }
  std::string PidDirectory() const { return root_ + "/run"; }
  std::string PidFileOf(const std::string& process) const {
    return PidDirectory() + '/' + process + ".pid";
  }

  // Whether `dev up` has been here, and `dev down --purge` not since.
  bool WasUsed() const;
  // Why there are no settings, and what to do.
  Error NoSettings() const;

  // Nothing if `dev up` has not been here, or the file is damaged.
  std::optional<Settings> LoadSettings() const;
  Result<Done> SaveSettings(const Settings& settings) const;
  // Directories and the secret, if they are not there yet.
  Result<Done> Prepare() const;

  // The topology file that commands are about; kInvalidArgument when none is found.
  Result<std::string> TopologyFile() const;

 private:
  std::string root_;
  std::string wanted_topology_;
};

// kInvalidArgument with every mistake, "file:line: what", if it is not right.
Result<local::Topology> LoadTopology(const std::string& file);

// The topology of a command, or nothing after telling why.
std::optional<local::Topology> TopologyOrComplain(const CommonOptions& options);

// A region by name, the first if the name is empty; null after telling which there are.
const local::Region* RegionOrComplain(const local::Topology& topology, const std::string& name);

}  // namespace meridian::client
