#include "client/view_commands.h"

#include <cstdio>
#include <memory>

#include "client/exit_codes.h"
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

// Adds a row for a process; whether it is ready.
bool AddProcess(Table& table, const std::string& name, const std::string& region,
                const local::Address& http) {
  const auto status = StatusOf(http);
  if (!status) {
    table.Add({name, region, "down", "no", "-", "-", "-", "-", "-"});
    return false;
  }
  const bool ready = IsReady(http);
  table.Add(
      {name, region, "up", ready ? "yes" : "no", CellOf(*status, {"epoch"}),
       CellOf(*status, {"partitions"}), CellOf(*status, {"records", "mutations_seen", "rows_fed"}),
       CellOf(*status, {"requests_waiting", "in_flight"}), CellOf(*status, {"orphaned_log_rows"})});
  return ready;
}

int ShowStatus(const CommonOptions& common, bool as_json) {
  const auto topology = TopologyOrComplain(common);
  if (!topology) return kExitUsage;
  Table table({"process", "region", "state", "ready", "epoch", "partitions", "mutations", "waiting",
               "orphans"});
  json all = json::object();
  bool ready = true;
  const auto add = [&](const std::string& name, const std::string& region,
                       const local::Address& http) {
    if (as_json) {
      const auto status = StatusOf(http);
      all[name] = status ? *status : json(nullptr);
      ready = ready && status.has_value();
    } else {
      ready = AddProcess(table, name, region, http) && ready;
    }
  };
  for (const local::Region& region : topology->regions) {
    for (const local::Node& node : region.nodes) add(node.name, region.name, node.http);
    for (const local::Gateway& gateway : region.gateways) {
      add(gateway.name, region.name, gateway.http);
    }
  }
  if (as_json) {
    std::printf("%s\n", all.dump(2).c_str());
  } else {
    table.Print();
  }
  if (!ready && !as_json) Complain("not all are ready; `meridian dev up` starts what does not run");
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
