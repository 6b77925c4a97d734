#include "client/audit_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "client/exit_codes.h"
#include "client/probe.h"
#include "client/progress.h"
#include "client/text.h"
#include "io/clocks.h"
#include "io/this_process.h"

namespace meridian::client {
namespace {

using nlohmann::json;

constexpr Duration kAuditPoll = std::chrono::milliseconds(100);
constexpr int kSilentPollsMax = 50;

struct AuditCommandOptions {
  std::vector<std::string> nodes;
  std::string region;
  bool rebuild = false;
  bool as_json = false;
  std::uint32_t timeout_s = 600;
};

// A node that audits: its figures at the begin, and the latest.
struct Audited {
  const local::Node* node = nullptr;
  json before;
  json now;
  std::uint64_t partitions = 0;
  std::uint64_t incarnation = 0;  // of the start that was told to begin
  bool restarted = false;
  int silent = 0;  // polls without an answer

  bool is_done() const {
    return !now.value("running", true) && now.value("rounds", 0U) > before.value("rounds", 0U);
  }
  std::uint64_t checked() const {
    const bool passed = now.value("passes", 0U) > before.value("passes", 0U);
    return is_done() || passed ? partitions : now.value("partitions_checked", std::uint64_t{0});
  }
};

// A start counts from 0, so what is less than before has grown by nothing.
std::uint64_t Growth(const json& before, const json& now, const std::string& field) {
  const std::uint64_t then = before.value(field, std::uint64_t{0});
  return std::max(now.value(field, std::uint64_t{0}), then) - then;
}

// What grew since the begin, "2 content, 1 missing_row", and how much in all.
std::pair<std::string, std::uint64_t> Grown(const Audited& audited, const char* field) {
  std::string text;
  std::uint64_t all = 0;
  const json before = audited.before.value(field, json::object());
  const json now = audited.now.value(field, json::object());
  for (const auto& [cause, count] : now.items()) {
    const std::uint64_t grown = Growth(before, now, cause);
    if (grown == 0) continue;
    all += grown;
    text += (text.empty() ? "" : ", ") + FormatCount(grown) + ' ' + cause;
  }
  return {text.empty() ? "-" : text, all};
}

bool IsWanted(const AuditCommandOptions& options, const local::Region& region,
              const local::Node& node) {
  if (!options.region.empty() && region.name != options.region) return false;
  return options.nodes.empty() || std::ranges::count(options.nodes, node.name) != 0;
}

// Nothing when one of them does not begin, after telling which.
std::optional<std::vector<Audited>> BeginAll(const local::Topology& topology,
                                             const AuditCommandOptions& options, int& exit_code) {
  std::vector<Audited> all;
  for (const local::Region& region : topology.regions) {
    for (const local::Node& node : region.nodes) {
      if (IsWanted(options, region, node)) all.emplace_back().node = &node;
    }
  }
  exit_code = kExitUsage;
  if (all.empty() || (!options.nodes.empty() && all.size() != options.nodes.size())) {
    Complain("the topology has no such node; `meridian status` shows which there are");
    return std::nullopt;
  }
  exit_code = kExitUnavailable;
  for (Audited& audited : all) {
    // In this order, so that a restart in between is seen as one.
    const auto status = StatusOf(audited.node->http);
    const auto begun = BeginAudit(audited.node->http, options.rebuild);
    if (!begun || !status) {
      Complain(audited.node->name + " does not begin an audit; see `meridian status`");
      return std::nullopt;
    }
    audited.before = audited.now = *begun;
    audited.partitions = status->value("partitions", std::uint64_t{0});
    audited.incarnation = status->value("incarnation", std::uint64_t{0});
  }
  return all;
}

void Poll(Audited& audited) {
  if (audited.is_done()) return;
  const auto status = StatusOf(audited.node->http);
  if (!status || !status->contains("audit")) {
    ++audited.silent;
    return;
  }
  audited.silent = 0;
  // What it counts since says nothing of the audit, which ended with the start that began it.
  audited.restarted = status->value("incarnation", std::uint64_t{0}) != audited.incarnation;
  if (audited.restarted) return;
  audited.now = (*status)["audit"];
}

// Whether it will not come to its end; after telling why.
bool HasFailed(const Audited& audited) {
  if (audited.restarted) {
    Complain(audited.node->name + " restarted; audit again");
  } else if (audited.silent >= kSilentPollsMax) {
    Complain(audited.node->name + " answers no more");
  }
  return audited.restarted || audited.silent >= kSilentPollsMax;
}

// Until all are done. The exit code when they are not.
int Await(std::vector<Audited>& all, const AuditCommandOptions& options) {
  const Instant begin = io::Now().monotonic;
  std::uint64_t partitions = 0;
  for (const Audited& audited : all) partitions += audited.partitions;
  Progress progress("audit", partitions);
  for (;;) {
    std::ranges::for_each(all, Poll);
    const Instant now = io::Now().monotonic;
    std::uint64_t checked = 0;
    for (const Audited& audited : all) checked += audited.checked();
    if (options.rebuild) progress.Update(now, checked);
    if (std::ranges::all_of(all, &Audited::is_done)) {
      if (options.rebuild) progress.Finish(now, partitions);
      return kExitOk;
    }
    if (std::ranges::any_of(all, HasFailed)) return kExitUnavailable;
    if (now - begin > std::chrono::seconds(options.timeout_s)) {
      Complain("the audit has not ended in " + std::to_string(options.timeout_s) +
               " s; it goes on, and `meridian status` shows its age");
      return kExitUnavailable;
    }
    io::SleepFor(kAuditPoll);
  }
}

// What was found is found. Nothing found is an answer only if all were asked that hold a copy.
int CodeFor(const std::vector<Audited>& all) {
  std::uint64_t found = 0;
  std::uint64_t silent = 0;
  for (const Audited& audited : all) {
    found += Grown(audited, "findings").second;
    silent += Growth(audited.before, audited.now, "peers_silent");
  }
  if (silent != 0) {
    Complain("peers did not answer " + FormatCount(silent) +
             " times, so not all was compared; see `meridian status`, and audit again");
  }
  if (found != 0) return kExitNo;
  return silent == 0 ? kExitOk : kExitUnavailable;
}

int Show(const std::vector<Audited>& all, bool as_json) {
  Table table({"node", "compared", "rows read", "found", "repaired here", "silent peers", "sent"});
  json object = json::object();
  for (const Audited& audited : all) {
    const auto grown = [&](const char* field) {
      return Growth(audited.before, audited.now, field);
    };
    table.Add({audited.node->name, FormatCount(grown("partitions_compared")),
               FormatCount(grown("rows_checked")), Grown(audited, "findings").first,
               Grown(audited, "repairs").first, FormatCount(grown("peers_silent")),
               FormatBytes(grown("bytes_sent"))});
    object[audited.node->name] = {{"before", audited.before}, {"after", audited.now}};
  }
  if (as_json) {
    std::printf("%s\n", object.dump(2).c_str());
  } else {
    table.Print();
  }
  return CodeFor(all);
}

int RunAudit(const CommonOptions& common, const AuditCommandOptions& options) {
  const auto topology = TopologyOrComplain(common);
  if (!topology) return kExitUsage;
  if (!options.region.empty() && RegionOrComplain(*topology, options.region) == nullptr) {
    return kExitUsage;
  }
  int exit_code = kExitOk;
  auto all = BeginAll(*topology, options, exit_code);
  if (!all) return exit_code;
  if (const int failed = Await(*all, options); failed != kExitOk) return failed;
  return Show(*all, options.as_json);
}

}  // namespace

void AddAuditCommand(CLI::App& app, const CommonOptions& common, int& exit_code) {
  CLI::App* audit = app.add_subcommand(
      "audit", "Have nodes compare what they hold with its other replicas, and mend what differs");
  const auto options = std::make_shared<AuditCommandOptions>();
  audit->add_option("NODE", options->nodes, "Which (default: all)");
  audit->add_option("--region,-r", options->region, "Only its nodes");
  audit->add_flag("--rebuild", options->rebuild,
                  "Read every row from disk first: finds what rotted behind the nodes' backs");
  audit->add_option("--timeout", options->timeout_s, "Seconds to wait for the end")
      ->capture_default_str();
  audit->add_flag("--json", options->as_json, "Figures of every node, before and after");
  audit->footer(
      "Nodes do this by themselves: sums each minute, every row in turn at a slow pace.\n"
      "\"found\" is what a node found wrong, at itself or a peer; \"repaired here\" which of its\n"
      "own copies were put right since. A healthy system has neither.\n"
      "Exit code 1 if anything was found; else 4 if a node does not answer or restarts, a peer\n"
      "was silent, so that not all was compared, or the end did not come.\n"
      "Example:\n  meridian audit us-east-2 --rebuild");
  audit->callback([&common, &exit_code, options] { exit_code = RunAudit(common, *options); });
}

}  // namespace meridian::client
