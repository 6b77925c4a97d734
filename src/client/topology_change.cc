#include "client/topology_change.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/base64url.h"
#include "client/exit_codes.h"
#include "client/text.h"
#include "io/clocks.h"
#include "io/files.h"
#include "io/http_client.h"
#include "io/this_process.h"

namespace meridian::client {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kDecisionTimeout = std::chrono::seconds(15);
constexpr std::chrono::milliseconds kLookTimeout{1000};
constexpr Duration kBetweenLooks = std::chrono::milliseconds(500);

struct ChangeOptions {
  std::string file;
  std::uint64_t version = 0;
  bool watch = false;
  bool as_json = false;
  std::uint64_t timeout_s = 600;
};

io::HttpClient ClientOf(const local::Node& node, std::chrono::milliseconds timeout) {
  return {"http://" + node.http.host + ':' + std::to_string(node.http.port), timeout};
}

std::string MessageIn(const Bytes& body) {
  const json answer = json::parse(body, nullptr, false);
  return answer.is_object() ? answer.value("message", body) : body;
}

// Asks the nodes of the first region, where changes begin, one after the other.
int Order(const local::Topology& topology, const io::HttpCall& call) {
  for (const local::Region& region : topology.regions) {
    if (region.nodes.empty()) continue;
    std::string last = "no node of " + region.name + " answers";
    bool was_silent = false;  // a node that may have done it all the same
    for (const local::Node& node : region.nodes) {
      const Result<io::HttpReply> reply = ClientOf(node, kDecisionTimeout).Fetch(call);
      if (!reply) {
        was_silent = true;
        continue;
      }
      if (reply->status == 200) {
        const json answer = json::parse(reply->body, nullptr, false);
        const json epoch = answer.is_object() ? answer.value("epoch", json()) : json();
        std::printf("epoch %s is decided\n", epoch.dump().c_str());
        return kExitOk;
      }
      last = MessageIn(reply->body);
      if (reply->status == 409 && was_silent) {
        last +=
            "; a node that was asked first gave no answer, so that change may be yours: see "
            "`meridian topology status`";
      }
      if (reply->status != 503) return Complain(last), kExitNo;
    }
    return Complain(last), kExitUnavailable;
  }
  return Complain("the topology has no nodes"), kExitUsage;
}

// What the node of the region that is furthest says; null when none answers.
json LookAt(const local::Region& region) {
  json furthest;
  for (const local::Node& node : region.nodes) {
    const auto reply = ClientOf(node, kLookTimeout).Fetch({.method = "GET", .path = "/topology"});
    if (!reply || reply->status != 200) continue;
    json look = json::parse(reply->body, nullptr, false);
    if (!look.is_object()) continue;
    if (furthest.is_null() || look.value("view", 0U) > furthest.value("view", 0U)) {
      furthest = std::move(look);
    }
  }
  return furthest;
}

std::uint64_t EpochOf(const json& look) {
  return look.is_object() ? look.value("epoch", std::uint64_t{0}) : 0;
}

std::string LineOf(const std::string& region, const json& look, std::uint64_t newest) {
  if (look.is_null()) return region + ": no node answers";
  std::string line = region + ": epoch " + std::to_string(look.value("epoch", 0U)) + ", view " +
                     std::to_string(look.value("view", 0U)) + ", " + look.value("stage", "?");
  if (EpochOf(look) < newest) {
    return line + ", has not heard of epoch " + std::to_string(newest) + " yet";
  }
  if (look.value("complete", false)) return line + ", complete";
  std::string names;
  const json silent = look.value("silent", json::array());
  for (const json& name : look.value("awaited", json::array())) {
    const bool is_silent = std::ranges::find(silent, name) != silent.end();
    names += (names.empty() ? "" : ", ") + name.get<std::string>() + (is_silent ? " (silent)" : "");
  }
  if (!names.empty()) line += ", waiting for " + names;
  if (const json moving = look.value("moving", json()); moving.is_object()) {
    line += "; " + std::to_string(moving.value("filled", 0U)) + " of " +
            std::to_string(moving.value("partitions", 0U)) + " partitions, " +
            FormatBytes(moving.value("bytes", std::uint64_t{0}));
    if (moving.contains("left_ms")) {
      line += ", " + std::to_string(moving.value("left_ms", 0U) / 1000) + " s left";
    }
  }
  return line;
}

// Shows each region; true when all are complete at the newest epoch of any, and at `version` or
// later.
bool Show(const local::Topology& topology, const ChangeOptions& options, std::string& shown) {
  std::uint64_t newest = options.version;
  json all = json::object();
  for (const local::Region& region : topology.regions) {
    all[region.name] = LookAt(region);
    newest = std::max(newest, EpochOf(all[region.name]));
  }
  bool complete = true;
  std::string text;
  for (const local::Region& region : topology.regions) {
    const json& look = all[region.name];
    complete =
        complete && !look.is_null() && look.value("complete", false) && EpochOf(look) == newest;
    text += LineOf(region.name, look, newest) + "\n";
  }
  if (options.as_json) text = all.dump(2) + "\n";
  if (text != shown) std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  shown = std::move(text);
  return complete;
}

int Watch(const local::Topology& topology, const ChangeOptions& options) {
  const Instant deadline = io::Now().monotonic + std::chrono::seconds(options.timeout_s);
  std::string shown;
  while (!Show(topology, options, shown)) {
    if (io::Now().monotonic >= deadline) {
      Complain("not complete yet");
      return kExitNo;
    }
    io::SleepFor(kBetweenLooks);
  }
  return kExitOk;
}

int Status(const CommonOptions& common, const ChangeOptions& options) {
  const auto topology = TopologyOrComplain(common);
  if (!topology) return kExitUsage;
  if (options.watch) return Watch(*topology, options);
  std::string shown;
  return Show(*topology, options, shown) ? kExitOk : kExitNo;
}

int Apply(const CommonOptions& common, const ChangeOptions& options) {
  const auto present = TopologyOrComplain(common);
  if (!present) return kExitUsage;
  const Result<local::Topology> next = LoadTopology(options.file);
  if (!next) return Complain(next.error().message), kExitUsage;
  const Result<Bytes> text = io::ReadFile(options.file);
  if (!text) return Complain(text.error().message), kExitUsage;
  const int ordered =
      Order(*present, {.method = "PUT",
                       .path = "/topology?version=" + std::to_string(options.version),
                       .headers = {"Content-Type: application/yaml"},
                       .body = *text});
  if (ordered != kExitOk || !options.watch) return ordered;
  return Watch(*next, options);
}

int Back(const CommonOptions& common, const ChangeOptions& options) {
  const auto present = TopologyOrComplain(common);
  if (!present) return kExitUsage;
  const int ordered =
      Order(*present,
            {.method = "DELETE", .path = "/topology?version=" + std::to_string(options.version)});
  if (ordered != kExitOk || !options.watch) return ordered;
  return Watch(*present, options);
}

}  // namespace

std::optional<local::Layout> LayoutInForce(const local::Topology& known) {
  for (const local::Region& region : known.regions) {
    if (region.nodes.empty()) continue;
    const json look = LookAt(region);
    if (!look.is_object()) return std::nullopt;
    const auto bytes = FromBase64Url(look.value("layout", ""));
    auto layout = bytes ? Decode<local::Layout>(*bytes) : Fail(ErrorCode::kCorrupt, "no layout");
    return layout && layout->IsComplete(region.id) ? std::optional(std::move(*layout))
                                                   : std::nullopt;
  }
  return std::nullopt;
}

void AddTopologyChanges(CLI::App& topology, const CommonOptions& common, int& exit_code) {
  const auto options = std::make_shared<ChangeOptions>();
  const auto watchable = [&](CLI::App* command) {
    command->add_flag("--watch", options->watch, "Until it is complete, a line for each step");
    command->add_option("--timeout", options->timeout_s, "How long to watch, in seconds");
  };
  CLI::App* apply = topology.add_subcommand("apply", "Make a topology file the next epoch");
  apply->add_option("FILE", options->file)->required();
  apply->add_option("--version", options->version, "The epoch it is to be: the present one + 1")
      ->required();
  watchable(apply);
  apply->footer(
      "Of two who apply at once one wins; the other is told, exit status 1. The new nodes should\n"
      "run, with this file. Partitions then move while the system serves.\n"
      "Example:\n  meridian topology apply next.yaml --version 2 --watch");
  apply->callback([&common, &exit_code, options] { exit_code = Apply(common, *options); });

  CLI::App* back = topology.add_subcommand("back", "Take back a change while it is filling");
  back->add_option("--version", options->version, "The epoch that is to be: the present one + 1")
      ->required();
  watchable(back);
  back->footer("Example:\n  meridian topology back --version 3");
  back->callback([&common, &exit_code, options] { exit_code = Back(common, *options); });

  CLI::App* status =
      topology.add_subcommand("status", "The epoch of each region, and how far it is");
  watchable(status);
  status->add_flag("--json", options->as_json, "As JSON");
  status->footer("Exit status 1: a change is under way.");
  status->callback([&common, &exit_code, options] { exit_code = Status(common, *options); });
}

}  // namespace meridian::client
