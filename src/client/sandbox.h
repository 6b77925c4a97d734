// The processes that a topology wants on this machine: how each is started, and whether it runs.
//
//     Sandbox sandbox(home, topology, settings);
//     for (const ProcessSpec& process : sandbox.processes()) sandbox.Start(process);
//
// What runs is told by the pid files (client/running.h), which know nothing of the topology.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "client/home.h"
#include "io/processes.h"
#include "local/topology.h"

namespace meridian::client {

inline constexpr const char* kEmulatorName = "wan-emulator";

struct ProcessSpec {
  // Which of its ports, for people, and where.
  struct Port {
    std::string use;
    std::uint16_t number = 0;
  };

  std::string name;
  std::string region;  // empty: the emulator
  std::optional<Role> role;
  local::Address http;  // port 0: the emulator, which has none
  std::vector<Port> ports;
  std::vector<std::string> arguments;  // with the binary's path in front
};

// A link of the emulated WAN: a region's gateways dial `listen` to reach a gateway of another.
struct EmulatedLink {
  std::string from;
  std::string to;
  std::string gateway;  // the target's name
  std::uint16_t listen = 0;
  local::Address target;
};

// In a fixed order, on the ports after settings.wan_port. Empty if there is nothing to emulate.
std::vector<EmulatedLink> EmulatedLinks(const local::Topology& topology, const Settings& settings);

class Sandbox {
 public:
  Sandbox(Home home, local::Topology topology, Settings settings);
  // As `dev up` left it: kInvalidArgument when it was never up here, or its topology is not right.
  static Result<Sandbox> Open(const CommonOptions& options);

  const Home& home() const { return home_; }
  const local::Topology& topology() const { return topology_; }
  const Settings& settings() const { return settings_; }
  // The emulator first, then region by region.
  const std::vector<ProcessSpec>& processes() const { return processes_; }
  const ProcessSpec* Find(const std::string& name) const;

  // Nothing if it does not run.
  std::optional<io::Pid> PidOf(const ProcessSpec& process) const;
  // kIo when its binary is missing, a port is taken (and by whom), or it cannot be started.
  Result<io::Pid> Start(const ProcessSpec& process) const;

 private:
  void AddEmulator();
  ProcessSpec NodeSpec(const local::Region& region, const local::Node& node) const;
  ProcessSpec GatewaySpec(const local::Region& region, const local::Gateway& gateway) const;

  Home home_;
  local::Topology topology_;
  Settings settings_;
  std::string binaries_;
  std::vector<ProcessSpec> processes_;
};

}  // namespace meridian::client
