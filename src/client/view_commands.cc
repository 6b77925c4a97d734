#include "client/view_commands.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/exit_codes.h"
#include "client/peer_views.h"
#include "client/probe.h"
#include "client/text.h"

namespace meridian::client {
namespace {

using nlohmann::json;

// A field of a status as a cell; "-" if it is not there.
std::string CellOf(const json& status, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (!status.contains(name)) continue;
    const json& field = status[name];
    if (field.is_number_integer()) return FormatCount(field.get<std::uint64_t>());
    if (field.is_string()) return field.get<std::string>();
    if (field.is_boolean()) return field.get<bool>() ? "yes" : "no";
  }
  return "-";
}

// "us-east-4 keeps 120 hints (34.0 KB, the oldest 40 s old): 80 for us-east-2, 40 for us-east-3".
void TellHints(const std::string& name, const json& status) {
  const json hints = status.value("hints", json::object());
  const auto number = [](const json& of, const char* field) {
    return of.value(field, std::uint64_t{0});
  };
  if (number(hints, "rows") == 0) return;
  std::string targets;
  const json by_target = hints.value("for", json::object());
  for (const auto& [target, tally] : by_target.items()) {
    targets +=
        (targets.empty() ? ": " : ", ") + FormatCount(number(tally, "rows")) + " for " + target;
  }
  std::printf("%s keeps %s hints (%s, the oldest %s s old)%s\n", name.c_str(),
              FormatCount(number(hints, "rows")).c_str(),
              FormatBytes(number(hints, "bytes")).c_str(),
              FormatCount(number(hints, "oldest_seconds")).c_str(), targets.c_str());
}

// A process that answers, or nothing.
struct Page {
  std::string name;
  std::string region;
  bool ready = false;
  std::optional<json> status;
};

std::vector<Page> AskAll(const local::Topology& topology) {
  std::vector<Page> pages;
  const auto ask = [&](const std::string& name, const std::string& region,
                       const local::Address& http) {
    Page page{name, region, false, StatusOf(http)};
    page.ready = page.status && IsReady(http);
    pages.push_back(std::move(page));
  };
  for (const local::Region& region : topology.regions) {
    for (const local::Node& node : region.nodes) ask(node.name, region.name, node.http);
    for (const local::Gateway& gateway : region.gateways) {
      ask(gateway.name, region.name, gateway.http);
    }
  }
  return pages;
}

// "12 s ago, 3 found": when its last audit ended, and what it has found since its start.
std::string AuditOf(const json& status) {
  if (!status.contains("audit") || !status["audit"].is_object()) return "-";
  const json& audit = status["audit"];
  std::uint64_t found = 0;
  for (const json& count : audit.value("findings", json::object())) {
    found += count.get<std::uint64_t>();
  }
  return (audit.value("rounds", 0U) == 0
              ? std::string("none yet")
              : FormatCount(audit.value("age_seconds", std::uint64_t{0})) + " s ago") +
         ", " + FormatCount(found) + " found";
}

void AddProcess(Table& table, const Page& page) {
  if (!page.status) {
    table.Add({page.name, page.region, "down", "no", "-", "-", "-", "-", "-", "-", "-"});
    return;
  }
  const json& status = *page.status;
  const json hints = status.value("hints", json::object());
  table.Add({page.name, page.region, "up", page.ready ? "yes" : "no", CellOf(status, {"epoch"}),
             CellOf(status, {"partitions"}),
             CellOf(status, {"records", "mutations_seen", "rows_fed"}),
             CellOf(status, {"requests_waiting", "in_flight"}), CellOf(hints, {"rows"}),
             CellOf(status, {"orphaned_log_rows"}), AuditOf(status)});
}

// What the nodes of a region say of each other.
void PrintNodes(const std::vector<Page>& pages) {
  std::map<std::string, json> statuses;
  for (const Page& page : pages) {
    if (page.status) statuses[page.name] = *page.status;
  }
  Table table({"node", "for its region", "incarnation", "heard s ago", "phi", "load", "disk room"});
  const auto seen = GatherViews(statuses);
  for (const auto& [name, node] : seen) {
    const bool heard = node.incarnation > 0 && node.silent_ms.has_value();
    table.Add({name, StatesText(node), node.incarnation ? std::to_string(node.incarnation) : "-",
               heard ? FormatNumber(static_cast<double>(*node.silent_ms) / 1000, 1) : "-",
               node.phi ? FormatNumber(*node.phi, 1) : "-",
               node.waiting ? FormatCount(*node.waiting) : "-",
               node.room.empty() ? "-" : node.room});
  }
  if (!seen.empty()) std::printf("\n%s", table.Text().c_str());
}

// Who is being filled, how far it is and how long it takes.
void PrintFills(const std::vector<Page>& pages) {
  for (const Page& page : pages) {
    if (!page.status || !page.status->contains("filling")) continue;
    const json& fill = (*page.status)["filling"];
    if (!fill.is_object()) continue;
    const double seconds = fill.value("elapsed_ms", 0.0) / 1000;
    const double megabytes = fill.value("bytes", 0.0) / 1e6;
    std::printf("\n%s is being filled: %s of %s partitions, %d %%, %s MB at %s MB/s, %s\n",
                page.name.c_str(), CellOf(fill, {"filled"}).c_str(),
                CellOf(fill, {"partitions"}).c_str(), fill.value("percent", 0),
                FormatNumber(megabytes, 1).c_str(),
                FormatNumber(seconds > 0 ? megabytes / seconds : 0, 1).c_str(),
                fill.contains("left_ms")
                    ? (FormatNumber(fill.value("left_ms", 0.0) / 1000, 0) + " s left").c_str()
                    : "time left unknown");
  }
}

int ShowStatus(const CommonOptions& common, bool as_json) {
  const auto topology = TopologyOrComplain(common);
  if (!topology) return kExitUsage;
  const std::vector<Page> pages = AskAll(*topology);
  if (as_json) {
    json all = json::object();
    for (const Page& page : pages) all[page.name] = page.status ? *page.status : json(nullptr);
    std::printf("%s\n", all.dump(2).c_str());
    const bool answered = std::ranges::all_of(pages, [](const Page& p) { return !!p.status; });
    return answered ? kExitOk : kExitNo;
  }
  Table table({"process", "region", "state", "ready", "epoch", "partitions", "mutations", "waiting",
               "hints", "orphans", "audit"});
  for (const Page& page : pages) AddProcess(table, page);
  table.Print();
  PrintNodes(pages);
  for (const Page& page : pages) {
    if (page.status) TellHints(page.name, *page.status);
  }
  PrintFills(pages);
  const bool ready = std::ranges::all_of(pages, [](const Page& page) { return page.ready; });
  if (!ready) Complain("not all are ready; `meridian dev up` starts what does not run");
  return ready ? kExitOk : kExitNo;
}

std::string Milliseconds(std::optional<double> number) {
  return number ? FormatNumber(*number, 0) : "-";
}

int ShowLag(const CommonOptions& common) {
  const auto topology = TopologyOrComplain(common);
  if (!topology) return kExitUsage;
  if (topology->regions.size() < 2) {
    Complain("the topology has one region: there is nothing to lag behind");
    return kExitUsage;
  }
  const WanFigures figures = AskGateways(*topology);
  Table lags({"origin", "target", "lag s", "mutations", "p50 ms", "p99 ms", "max ms", "told by"});
  for (const Lag& lag : figures.lags) {
    const std::string seconds = lag.seconds ? FormatNumber(*lag.seconds, 3) : "-";
    lags.Add({lag.origin, lag.target, lag.unknown ? "unknown" : seconds,
              lag.mutations ? FormatCount(*lag.mutations) : "-", Milliseconds(lag.p50_ms),
              Milliseconds(lag.p99_ms), Milliseconds(lag.max_ms), lag.told_by});
  }
  lags.Print();
  if (!figures.links.empty()) {
    Table links({"link", "sent", "received", "before compression"});
    const auto bytes = [](std::optional<std::uint64_t> count) {
      return count ? FormatBytes(*count) : "-";
    };
    for (const LinkFigures& link : figures.links) {
      links.Add({link.gateway + " > " + link.peer, bytes(link.bytes_sent),
                 bytes(link.bytes_received), bytes(link.plain_bytes)});
    }
    std::printf("\n%s", links.Text().c_str());
  }
  for (const std::string& gateway : figures.silent) {
    Complain(gateway + " does not answer; see `meridian dev status`");
  }
  return figures.silent.empty() ? kExitOk : kExitNo;
}

}  // namespace

void AddViewCommands(CLI::App& app, const CommonOptions& common, int& exit_code) {
  CLI::App* status = app.add_subcommand("status", "Every process, as it describes itself");
  status->footer(
      "The second table is what the nodes of a region say of each other, so it also tells of a\n"
      "node that does not answer: alive, suspect, down, left (ended in order); when they do not\n"
      "agree, how many say what. `phi` is how surprising its silence is: 5 makes it suspect.\n"
      "Exit status: 0 all are ready, 1 not all.");
  const auto as_json = std::make_shared<bool>(false);
  status->add_flag("--json", *as_json, "All that the processes tell");
  status->callback([&common, &exit_code, as_json] { exit_code = ShowStatus(common, *as_json); });

  CLI::App* lag = app.add_subcommand("lag", "How far each region is behind each other one");
  lag->footer(
      "Lag is the age of the oldest mutation of the origin that the target does not hold\n"
      "by quorum; the percentiles are of the time from a write to there.");
  lag->callback([&common, &exit_code] { exit_code = ShowLag(common); });
}

}  // namespace meridian::client
