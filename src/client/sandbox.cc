#include "client/sandbox.h"

#include <algorithm>

#include "client/running.h"
#include "io/files.h"
#include "io/this_process.h"

namespace meridian::client {

std::vector<EmulatedLink> EmulatedLinks(const local::Topology& topology, const Settings& settings) {
  std::vector<EmulatedLink> links;
  std::uint16_t port = settings.wan_port;
  for (const local::Region& from : topology.regions) {
    for (const local::Region& to : topology.regions) {
      if (from.id == to.id) continue;
      for (const local::Gateway& gateway : to.gateways) {
        links.push_back({from.name, to.name, gateway.name, ++port, gateway.wan});
      }
    }
  }
  return links;
}

Sandbox::Sandbox(Home home, local::Topology topology, Settings settings)
    : home_(std::move(home)),
      topology_(std::move(topology)),
      settings_(std::move(settings)),
      binaries_(io::ParentOf(io::ExecutablePath())) {
  if (settings_.emulate_wan) AddEmulator();
  for (const local::Region& region : topology_.regions) {
    for (const local::Node& node : region.nodes) processes_.push_back(NodeSpec(region, node));
    for (const local::Gateway& gateway : region.gateways) {
      processes_.push_back(GatewaySpec(region, gateway));
    }
  }
}

Result<Sandbox> Sandbox::Open(const CommonOptions& options) {
  Home home(options);
  const auto settings = home.LoadSettings();
  if (!settings) return Failure{home.NoSettings()};
  Result<local::Topology> topology = LoadTopology(settings->topology);
  if (!topology) return topology.failure();
  return Sandbox(std::move(home), std::move(*topology), *settings);
}

void Sandbox::AddEmulator() {
  const std::vector<EmulatedLink> links = EmulatedLinks(topology_, settings_);
  if (links.empty()) return;
  ProcessSpec spec;
  spec.name = kEmulatorName;
  spec.ports.push_back({"control", settings_.wan_port});
  for (const EmulatedLink& link : links) {
    spec.ports.push_back({"link " + link.from + " to " + link.gateway, link.listen});
  }
  spec.arguments = {binaries_ + "/meridian",
                    "dev",
                    "wan",
                    "--name",
                    spec.name,
                    "--data",
                    home_.root(),
                    "--topology",
                    settings_.topology,
                    "--wan-delay-ms",
                    std::to_string(settings_.wan_delay_ms),
                    "--wan-mbit",
                    std::to_string(settings_.wan_mbit),
                    "--wan-port",
                    std::to_string(settings_.wan_port)};
  processes_.push_back(std::move(spec));
}

ProcessSpec Sandbox::NodeSpec(const local::Region& region, const local::Node& node) const {
  ProcessSpec spec{node.name, region.name, Role::kNode, node.http, {}, {}};
  spec.ports = {{"http", node.http.port}, {"ring", node.ring.port}, {"client", node.client.port}};
  spec.arguments = {
      binaries_ + "/meridiand", "--topology", settings_.topology, "--name", node.name, "--data",
      home_.DataOf(node.name),  "--secret",   home_.SecretFile()};
  return spec;
}

ProcessSpec Sandbox::GatewaySpec(const local::Region& region, const local::Gateway& gateway) const {
  ProcessSpec spec{gateway.name, region.name, Role::kGateway, gateway.http, {}, {}};
  spec.ports = {
      {"http", gateway.http.port}, {"ring", gateway.ring.port}, {"wan", gateway.wan.port}};
  spec.arguments = {binaries_ + "/meridian-gateway",
                    "--topology",
                    settings_.topology,
                    "--name",
                    gateway.name,
                    "--secret",
                    home_.SecretFile()};
  if (!settings_.emulate_wan) return spec;
  for (const EmulatedLink& link : EmulatedLinks(topology_, settings_)) {
    if (link.from != region.name) continue;
    spec.arguments.insert(spec.arguments.end(),
                          {"--dial", link.gateway + "=127.0.0.1:" + std::to_string(link.listen)});
  }
  return spec;
}

const ProcessSpec* Sandbox::Find(const std::string& name) const {
  const auto found = std::find_if(processes_.begin(), processes_.end(),
                                  [&](const ProcessSpec& spec) { return spec.name == name; });
  return found == processes_.end() ? nullptr : &*found;
}

std::optional<io::Pid> Sandbox::PidOf(const ProcessSpec& process) const {
  return RunningPid(home_, process.name);
}

Result<io::Pid> Sandbox::Start(const ProcessSpec& process) const {
  if (!io::FileExists(process.arguments[0])) {
    return Fail(ErrorCode::kIo,
                process.arguments[0] + " is not there; build it (scripts/run does)");
  }
  for (const ProcessSpec::Port& port : process.ports) {
    const auto owner = io::ListenerOf(port.number);
    if (!owner) continue;
    const std::string other = process.role ? "change the port in " + settings_.topology
                                           : std::string("choose others with --wan-port");
    return Fail(ErrorCode::kIo, "port " + std::to_string(port.number) + " (" + port.use + " of " +
                                    process.name + ") is taken by " + *owner + "; stop that, or " +
                                    other);
  }
  Result<io::Pid> pid = io::StartDetached(process.arguments, home_.LogOf(process.name));
  if (!pid) return pid;
  const Result<Done> noted =
      io::WriteFile(home_.PidFileOf(process.name), std::to_string(*pid) + '\n');
  if (noted) return pid;
  // Nobody could ever stop it again.
  (void)io::SendSignal(*pid, io::ProcessSignal::kKill);
  return noted.failure();
}

}  // namespace meridian::client
