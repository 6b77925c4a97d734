#include "client/ring_command.h"

#include <cstdio>
#include <map>
#include <memory>

#include "client/exit_codes.h"
#include "client/probe.h"
#include "client/text.h"

namespace meridian::client {
namespace {

using nlohmann::json;

struct RingOptions {
  std::string region;
  std::string space = "default";
  std::string key;
  bool as_json = false;
};

// What all copies together know of the row: the newest sequence of every actor.
using Knowledge = std::map<std::string, std::uint64_t>;

Knowledge KnowledgeOf(const std::map<std::string, json>& answers) {
  Knowledge all;
  for (const auto& [name, answer] : answers) {
    if (!answer.contains("copy")) continue;
    for (const auto& [actor, sequence] : answer["copy"].at("context").items()) {
      std::uint64_t& newest = all[actor];
      newest = std::max(newest, sequence.get<std::uint64_t>());
    }
  }
  return all;
}

// "current": knows all that any copy knows. "behind": lacks some of it, and catch-up will bring it.
std::string StateOf(const json& copy, const Knowledge& all) {
  if (all.empty()) return "nothing";
  if (copy.at("context").empty()) return "absent";
  std::uint64_t lacks = 0;
  for (const auto& [actor, newest] : all) {
    const std::uint64_t has = copy["context"].value(actor, std::uint64_t{0});
    lacks += newest > has ? 1 : 0;
  }
  if (lacks != 0) return "behind (" + FormatCount(lacks) + " of its actors)";
  return copy.value("durable", true) ? "current" : "current, not yet durable";
}

std::string VersionsOf(const json& copy) {
  std::string text;
  for (const json& version : copy.at("versions")) {
    text += (text.empty() ? "" : ", ") + version.value("dot", "?");
    text += version.value("deleted", false)
                ? " deleted"
                : ' ' + FormatBytes(version.value("bytes", std::uint64_t{0}));
  }
  return text.empty() ? "-" : text;
}

std::map<std::string, json> AskForCopies(const local::Region& region, const RingOptions& options) {
  std::map<std::string, json> answers;
  for (const local::Node& node : region.nodes) {
    if (auto answer = CopyOf(node.http, options.space, options.key)) {
      answers.emplace(node.name, std::move(*answer));
    }
  }
  return answers;
}

// Whether it lacks nothing that any copy has.
bool IsWhole(const json& copy, const Knowledge& all) {
  const std::string state = StateOf(copy, all);
  return state == "nothing" || state.starts_with("current");
}

// Whether every primary has all that any copy has. One that shows no copy goes by another view of
// the ring, by which the key is not its own.
bool AreWhole(const json& any, const std::map<std::string, json>& answers) {
  const Knowledge all = KnowledgeOf(answers);
  const json& list = any.at("preference_list");
  const std::size_t primaries = std::min(any.value("primaries", std::size_t{0}), list.size());
  for (std::size_t place = 0; place < primaries; ++place) {
    const auto found = answers.find(list[place].get<std::string>());
    if (found == answers.end()) return false;
    if (found->second.contains("copy") && !IsWhole(found->second["copy"], all)) return false;
  }
  return true;
}

void ShowCopies(const json& any, const std::map<std::string, json>& answers) {
  const Knowledge all = KnowledgeOf(answers);
  const std::size_t primaries = any.value("primaries", std::size_t{0});
  Table table({"node", "role", "copy", "versions"});
  std::size_t place = 0;
  for (const json& entry : any.at("preference_list")) {
    const auto name = entry.get<std::string>();
    const bool primary = ++place <= primaries;
    const std::string role =
        (primary ? "primary " : "fallback ") + std::to_string(primary ? place : place - primaries);
    const auto found = answers.find(name);
    if (found == answers.end()) {
      table.Add({name, role, "no answer", "-"});
    } else if (!found->second.contains("copy")) {
      table.Add({name, role, "-", "-"});
    } else {
      const json& copy = found->second["copy"];
      table.Add({name, role, StateOf(copy, all), VersionsOf(copy)});
    }
  }
  table.Print();
}

int ShowRing(const CommonOptions& common, const RingOptions& options) {
  const auto topology = TopologyOrComplain(common);
  if (!topology) return kExitUsage;
  const local::Region* region = RegionOrComplain(*topology, options.region);
  if (region == nullptr) return kExitUsage;
  const std::map<std::string, json> answers = AskForCopies(*region, options);
  if (answers.empty()) {
    Complain("no node of " + region->name +
             " tells; is the namespace right, and `meridian status`?");
    return kExitUnavailable;
  }
  const json& any = answers.begin()->second;
  const int code = AreWhole(any, answers) ? kExitOk : kExitNo;
  if (options.as_json) {
    std::printf("%s\n", json(answers).dump(2).c_str());
    return code;
  }
  std::printf("'%s' of namespace %s in %s: token %s, partition %u of placement %s, epoch %u\n\n",
              Escaped(options.key).c_str(), options.space.c_str(), region->name.c_str(),
              any.value("token", "?").c_str(), any.value("partition", 0U),
              any.value("placement", "?").c_str(), any.value("epoch", 0U));
  ShowCopies(any, answers);
  return code;
}

}  // namespace

void AddRingCommand(CLI::App& app, const CommonOptions& common, int& exit_code) {
  CLI::App* ring = app.add_subcommand("ring", "Where a key lives, and how each copy of it stands");
  const auto options = std::make_shared<RingOptions>();
  ring->add_option("KEY", options->key)->required();
  ring->add_option("--region,-r", options->region, "Where (default: the topology's first)");
  ring->add_option("--namespace,-n", options->space)->capture_default_str();
  ring->add_flag("--json", options->as_json, "All that the nodes tell");
  ring->footer(
      "Exit code 1 if a primary does not answer or lacks something that another has.\n"
      "Example:\n  meridian ring cart --region eu-west");
  ring->callback([&common, &exit_code, options] { exit_code = ShowRing(common, *options); });
}

}  // namespace meridian::client
