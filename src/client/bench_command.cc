#include "client/bench_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>

#include "client/bench_report.h"
#include "client/exit_codes.h"
#include "client/home.h"
#include "client/level_option.h"
#include "client/text.h"
#include "io/files.h"
#include "io/this_process.h"

namespace meridian::client {
namespace {

constexpr std::size_t kSyncsAProbe = 50;

struct Arguments {
  CommonOptions common;
  std::string region;
  BenchOptions bench;
  double seconds = 10;
  double warm_up_seconds = 1;
  std::vector<double> marks_seconds;
  double idle_seconds = 0;
  std::vector<io::Pid> pids;
  bool sync_probe = false;
  bool no_fill = false;
  bool json = false;
};

const std::map<std::string, BenchOperation> kOperations = {
    {"put", BenchOperation::kPut}, {"get", BenchOperation::kGet}, {"mix", BenchOperation::kMix}};

void AddLoadOptions(CLI::App& app, Arguments& arguments) {
  BenchOptions& bench = arguments.bench;
  app.add_option("--region,-r", arguments.region, "Where (default: the topology's first)");
  app.add_option("--namespace,-n", bench.space)->capture_default_str();
  app.add_option("--operation,-o", bench.operation, "put (default), get or mix")
      ->transform(CLI::CheckedTransformer(kOperations).description(""));
  app.add_option("--read-fraction", bench.read_fraction, "Of a mix")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--keys", bench.keys, "How many different ones")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}));
  app.add_option("--value-bytes", bench.value_bytes, "Random, so they do not compress")
      ->capture_default_str();
  AddLevelOption(app, bench.call.level);
  CLI::Option* in_flight =
      app.add_option("--in-flight", bench.in_flight, "Closed loop: calls at any time")
          ->capture_default_str()
          ->check(CLI::Range(1, 16384));
  app.add_option("--rate", bench.rate, "Open loop: calls a second, whatever happens")
      ->excludes(in_flight)
      ->check(CLI::PositiveNumber);
  app.add_option("--seconds", arguments.seconds, "Measured")->capture_default_str();
  app.add_option("--warm-up", arguments.warm_up_seconds, "Seconds before that")
      ->capture_default_str();
  app.add_option("--marks", arguments.marks_seconds,
                 "Ascending seconds at which a new phase begins, with figures of its own")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", bench.seed)->capture_default_str();
  app.add_flag("--no-fill", arguments.no_fill, "Do not write all keys first (get and mix do)");
}

void AddOptions(CLI::App& app, Arguments& arguments) {
  app.add_option("--topology,-t", arguments.common.topology,
                 "Topology file (default: that of the last dev up, else the sandbox's)");
  app.add_option(
      "--data,-d", arguments.common.home,
      "The sandbox whose processes are measured (default: $MERIDIAN_HOME, else ./.meridian)");
  AddLoadOptions(app, arguments);
  app.add_option("--pids", arguments.pids, "Server processes, if they are no sandbox's")
      ->delimiter(',');
  app.add_flag("--fsync-probe", arguments.sync_probe,
               "Measure the disk's own sync, before and after");
  app.add_option("--idle", arguments.idle_seconds, "No load: CPU of the idle system over SECONDS");
  app.add_flag("--json", arguments.json, "The report as JSON");
  app.footer(std::string("Examples:\n  meridian-bench --in-flight 64\n"
                         "  meridian-bench -o get --level one --seconds 5\n"
                         "  meridian-bench --in-flight 1 --fsync-probe\n"
                         "  meridian-bench --rate 2000 --keys 1000000\n"
                         "  meridian-bench --idle 10\n\n") +
             kExitCodesHelp);
}

std::vector<ServerCpu::Process> ServersOf(const Arguments& arguments) {
  std::vector<ServerCpu::Process> servers;
  for (const io::Pid pid : arguments.pids) servers.push_back({"pid " + std::to_string(pid), pid});
  if (!servers.empty()) return servers;
  const Result<Sandbox> sandbox = Sandbox::Open(arguments.common);
  return sandbox ? ServerCpu::Running(*sandbox) : servers;
}

// Adds this disk's syncs to the report, if wanted; false after telling why it failed.
bool ProbeSyncs(const Arguments& arguments, std::vector<Duration>& syncs) {
  if (!arguments.sync_probe) return true;
  const std::string data = Home(arguments.common).root() + "/data";
  const std::string where = io::FileExists(data) ? data : ".";
  const Result<std::vector<Duration>> times = io::MeasureSyncs(where, kSyncsAProbe);
  if (!times) return Complain(times.error().message), false;
  syncs.insert(syncs.end(), times->begin(), times->end());
  std::sort(syncs.begin(), syncs.end());
  return true;
}

int Idle(const Arguments& arguments) {
  ServerCpu servers(ServersOf(arguments));
  if (servers.empty()) {
    Complain("no server processes found: name them with --pids, or their home with --data");
    return kExitUsage;
  }
  const Duration length(static_cast<std::int64_t>(arguments.idle_seconds * 1e6));
  servers.Begin();
  io::SleepFor(length);
  PrintIdle(servers.End(), length, arguments.json);
  return kExitOk;
}

int Fill(const local::Topology& topology, const BenchOptions& bench) {
  const Result<FillOutcome> fill = FillKeys(topology, bench);
  if (!fill) return Complain(fill.error().message), kExitNo;
  if (fill->interrupted) return kExitInterrupted;
  if (fill->missing == 0) return kExitOk;
  Complain(FormatCount(fill->missing) + " keys could not be written; see `meridian dev status`");
  return kExitUnavailable;
}

int Load(const Arguments& arguments, const local::Topology& topology, const BenchOptions& bench) {
  if (bench.operation != BenchOperation::kPut && !arguments.no_fill) {
    if (const int exit = Fill(topology, bench); exit != kExitOk) return exit;
  }
  BenchReport report;
  ServerCpu servers(ServersOf(arguments));
  if (!ProbeSyncs(arguments, report.syncs)) return kExitNo;
  Result<BenchOutcome> outcome = RunBench(topology, bench, [&](bool begins) {
    if (begins) {
      servers.Begin();
    } else {
      report.cpu = servers.End();
    }
  });
  if (!outcome) return Complain(outcome.error().message), kExitNo;
  if (!ProbeSyncs(arguments, report.syncs)) return kExitNo;
  report.outcome = std::move(*outcome);
  if (arguments.json) {
    std::printf("%s\n", ReportJson(bench, report).dump(2).c_str());
  } else {
    PrintReport(bench, report);
  }
  if (report.outcome.interrupted) return kExitInterrupted;
  if (report.outcome.Calls() == 0) {
    Complain("no call began in the measured time: those of the warm-up were still unanswered");
    return kExitUnavailable;
  }
  return report.outcome.errors > 0 ? kExitUnavailable : kExitOk;
}

int RunWith(Arguments& arguments) {
  if (arguments.idle_seconds > 0) return Idle(arguments);
  const auto topology = TopologyOrComplain(arguments.common);
  if (!topology) return kExitUsage;
  const local::Region* region = RegionOrComplain(*topology, arguments.region);
  if (region == nullptr) return kExitUsage;
  BenchOptions& bench = arguments.bench;
  if (topology->FindNamespace(bench.space) == nullptr) {
    Complain("no namespace '" + bench.space + "' in the topology");
    return kExitUsage;
  }
  bench.region = region->id;
  bench.length = Duration(static_cast<std::int64_t>(arguments.seconds * 1e6));
  bench.warm_up = Duration(static_cast<std::int64_t>(arguments.warm_up_seconds * 1e6));
  std::ranges::sort(arguments.marks_seconds);
  for (const double mark : arguments.marks_seconds) {
    bench.marks.emplace_back(static_cast<std::int64_t>(mark * 1e6));
  }
  return Load(arguments, *topology, bench);
}

}  // namespace

int BenchMain(int argc, char** argv) {
  CLI::App app{"Load on one region of a Meridian, what it took, and what it cost the servers"};
  app.set_version_flag("--version", MERIDIAN_VERSION);
  app.get_formatter()->column_width(36);
  Arguments arguments;
  AddOptions(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return RunWith(arguments);
}

}  // namespace meridian::client
