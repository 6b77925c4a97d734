#include "client/home.h"

#include <nlohmann/json.hpp>

#include "client/text.h"
#include "io/files.h"
#include "io/this_process.h"
#include "node/topology_text.h"

namespace meridian::client {
namespace {

using nlohmann::json;

constexpr const char* kSandboxTopology = "config/topologies/three-regions.yaml";

// The sandbox's topology: below this directory, or below the repository that this binary is in.
std::optional<std::string> FindSandboxTopology() {
  if (io::FileExists(kSandboxTopology)) return io::AbsolutePath(kSandboxTopology);
  std::string directory = io::ParentOf(io::ExecutablePath());
  while (directory.size() > 1) {
    const std::string candidate = directory + '/' + kSandboxTopology;
    if (io::FileExists(candidate)) return candidate;
    directory = io::ParentOf(directory);
  }
  return std::nullopt;
}

}  // namespace

Home::Home(const CommonOptions& options)
    : root_(io::CanonicalPath(
          !options.home.empty() ? options.home
                                : io::EnvironmentVariable("MERIDIAN_HOME").value_or(".meridian"))),
      wanted_topology_(options.topology) {
  while (root_.size() > 1 && root_.ends_with('/')) root_.pop_back();
}

bool Home::WasUsed() const {
  return io::FileExists(root_ + "/settings.json") || io::FileExists(PidDirectory());
}

Error Home::NoSettings() const {
  const std::string why =
      WasUsed()
          ? root_ + "/settings.json cannot be read; `meridian dev down`, then `meridian dev up`"
          : "nothing was started from " + root_ + "; `meridian dev up` does, --data names another";
  return {ErrorCode::kInvalidArgument, why};
}

std::optional<Settings> Home::LoadSettings() const {
  const Result<Bytes> text = io::ReadFile(root_ + "/settings.json");
  if (!text) return std::nullopt;
  const json found = json::parse(*text, nullptr, false);
  if (!found.is_object() || !found.contains("topology") || !found["topology"].is_string()) {
    return std::nullopt;
  }
  const auto number = [&](const char* name, std::uint64_t otherwise) {
    return found.contains(name) && found[name].is_number_unsigned()
               ? found[name].get<std::uint64_t>()
               : otherwise;
  };
  Settings settings;
  settings.topology = found["topology"].get<std::string>();
  settings.emulate_wan = number("emulate_wan", 1) != 0;
  settings.wan_delay_ms = number("wan_delay_ms", settings.wan_delay_ms);
  settings.wan_mbit = number("wan_mbit", settings.wan_mbit);
  settings.wan_port = static_cast<std::uint16_t>(number("wan_port", settings.wan_port));
  return settings;
}

Result<Done> Home::SaveSettings(const Settings& settings) const {
  const json text = {{"topology", settings.topology},
                     {"emulate_wan", settings.emulate_wan ? 1 : 0},
                     {"wan_delay_ms", settings.wan_delay_ms},
                     {"wan_mbit", settings.wan_mbit},
                     {"wan_port", settings.wan_port}};
  return io::WriteFile(root_ + "/settings.json", text.dump(2) + '\n');
}

Result<Done> Home::Prepare() const {
  for (const char* directory : {"/data", "/logs", "/run"}) {
    if (Result<Done> made = io::MakeDirectories(root_ + directory); !made) return made;
  }
  if (io::FileExists(SecretFile())) return Done{};
  Result<Bytes> secret = io::SecretRandomBytes(32);
  if (!secret) return secret.failure();
  return io::WriteFile(SecretFile(), *secret, 0600);
}

Result<std::string> Home::TopologyFile() const {
  if (!wanted_topology_.empty()) return io::AbsolutePath(wanted_topology_);
  if (const auto settings = LoadSettings()) return settings->topology;
  if (const auto sandbox = FindSandboxTopology()) return *sandbox;
  return Fail(ErrorCode::kInvalidArgument,
              std::string("no topology: give one with --topology FILE, or run this where ") +
                  kSandboxTopology + " is");
}

Result<local::Topology> LoadTopology(const std::string& file) {
  const Result<Bytes> text = io::ReadFile(file);
  if (!text) return text.failure();
  auto parsed = node::ParseTopology(*text);
  if (auto* topology = std::get_if<local::Topology>(&parsed)) return std::move(*topology);
  std::string mistakes =
      node::FormatMistakes(file, std::get<std::vector<node::TopologyMistake>>(parsed));
  while (mistakes.ends_with('\n')) mistakes.pop_back();
  return Fail(ErrorCode::kInvalidArgument, "the topology is not right:\n" + mistakes);
}

std::optional<local::Topology> TopologyOrComplain(const CommonOptions& options) {
  const Result<std::string> file = Home(options).TopologyFile();
  if (!file) {
    Complain(file.error().message);
    return std::nullopt;
  }
  Result<local::Topology> topology = LoadTopology(*file);
  if (topology) return std::move(*topology);
  Complain(topology.error().message);
  return std::nullopt;
}

const local::Region* RegionOrComplain(const local::Topology& topology, const std::string& name) {
  if (name.empty()) return &topology.regions.front();
  if (const local::Region* region = topology.FindRegion(name)) return region;
  std::string names;
  for (const local::Region& region : topology.regions) {
    names += (names.empty() ? "" : ", ") + region.name;
  }
  Complain("no region '" + name + "' in the topology; there are " + names);
  return nullptr;
}

}  // namespace meridian::client
