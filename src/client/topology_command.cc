#include "client/topology_command.h"

#include <cstdio>
#include <memory>

#include "client/exit_codes.h"
#include "client/size_survey.h"
#include "client/text.h"
#include "client/topology_change.h"
#include "client/topology_report.h"
#include "io/files.h"
#include "node/topology_text.h"

namespace meridian::client {
namespace {

void Describe(const std::string& file, const local::Topology& topology) {
  std::printf("%s is right: epoch %llu, %u partitions\n", file.c_str(),
              static_cast<unsigned long long>(topology.epoch.value), topology.partitions());
  for (const local::Region& region : topology.regions) {
    std::printf("  region %-12s %zu nodes, %zu gateways\n", region.name.c_str(),
                region.nodes.size(), region.gateways.size());
  }
  for (const local::Namespace& space : topology.namespaces) {
    const local::Placement* placement = topology.FindPlacement(space.placement);
    std::string where;
    for (const auto& [id, copies] : placement->replicas) {
      where += (where.empty() ? "" : ", ") + topology.FindRegion(id)->name + " x" +
               std::to_string(copies);
    }
    std::printf("  namespace %-9s %s, %s; %s\n", space.name.c_str(),
                space.policy == local::Policy::kLww ? "lww" : "siblings",
                space.durability == local::Durability::kSync ? "sync" : "os", where.c_str());
  }
}

int Validate(const std::string& file) {
  const Result<Bytes> text = io::ReadFile(file);
  if (!text) return Complain(text.error().message), kExitUsage;
  const auto parsed = node::ParseTopology(*text);
  if (const auto* mistakes = std::get_if<std::vector<node::TopologyMistake>>(&parsed)) {
    std::fputs(node::FormatMistakes(file, *mistakes).c_str(), stdout);
    Complain(FormatCount(mistakes->size()) + (mistakes->size() == 1 ? " mistake" : " mistakes"));
    return kExitNo;
  }
  Describe(file, std::get<local::Topology>(parsed));
  return kExitOk;
}

local::Tables FirstTablesOf(const local::Topology& topology) {
  local::Tables tables;
  for (const local::Region& region : topology.regions) {
    tables.emplace(region.id, local::PartitionTable::Build(topology, region.id));
  }
  return tables;
}

struct PlanOptions {
  std::string file;
  bool as_json = false;
  bool offline = false;
};

int Plan(const CommonOptions& common, const PlanOptions& options) {
  const auto known = TopologyOrComplain(common);
  if (!known) return kExitUsage;
  const Result<local::Topology> next = LoadTopology(options.file);
  if (!next) return Complain(next.error().message), kExitUsage;
  std::optional<local::Layout> in_force;
  if (!options.offline) in_force = LayoutInForce(*known);
  const local::Topology* present = in_force ? &in_force->topology : &*known;
  const local::TopologyPlan plan =
      local::PlanChange(*present, in_force ? in_force->tables : FirstTablesOf(*known), *next);
  const PartitionSizes sizes = in_force ? AskSizes(*present, plan) : PartitionSizes{};
  if (options.as_json) {
    nlohmann::json json = PlanJson(plan, sizes);
    json["from_epoch"] = present->epoch.value;
    json["to_epoch"] = next->epoch.value;
    json["as_the_ring_is"] = in_force.has_value();
    std::printf("%s\n", json.dump(2).c_str());
  } else {
    if (!in_force) {
      std::printf("%s: as a new system with the present file would be\n",
                  options.offline ? "nobody was asked" : "no node answers");
    }
    std::printf("epoch %llu to %llu\n%s", static_cast<unsigned long long>(present->epoch.value),
                static_cast<unsigned long long>(next->epoch.value), PlanText(plan, sizes).c_str());
  }
  return plan.refusals.empty() ? kExitOk : kExitNo;
}

}  // namespace

void AddTopologyCommand(CLI::App& app, const CommonOptions& common, int& exit_code) {
  CLI::App* topology = app.add_subcommand("topology", "The topology file, and changes of it");
  topology->require_subcommand(1);
  const auto file = std::make_shared<std::string>();

  CLI::App* validate =
      topology->add_subcommand("validate", "Every mistake of a topology file, with its line");
  validate->add_option("FILE", *file)->required();
  validate->footer("Example:\n  meridian topology validate config/topologies/three-regions.yaml");
  validate->callback([&exit_code, file] { exit_code = Validate(*file); });

  CLI::App* plan = topology->add_subcommand("plan", "What a changed topology would move");
  const auto planned = std::make_shared<PlanOptions>();
  plan->add_option("FILE", planned->file, "The changed topology; the present one is --topology")
      ->required();
  plan->add_flag("--json", planned->as_json, "Every partition that moves, too");
  plan->add_flag("--offline", planned->offline,
                 "Ask no node: from what a new system with the present file would be");
  plan->footer(
      "Bytes are estimates of the nodes; a node gets them more slowly than the least time says\n"
      "while it serves. Nothing is changed. Exit status 1: it would be refused, and why is shown.\n"
      "Example:\n  meridian topology plan next.yaml");
  plan->callback([&common, &exit_code, planned] { exit_code = Plan(common, *planned); });
  AddTopologyChanges(*topology, common, exit_code);
}

}  // namespace meridian::client
