// meridian-sim: the whole system under one seed and one virtual clock. Wiring only.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "io/clocks.h"
#include "sim/detection_figures.h"
#include "sim/simulation.h"

namespace meridian::apps {
namespace {

struct Arguments {
  std::optional<std::uint64_t> seed;
  std::string seeds;
  std::int64_t minutes = 0;
  std::optional<std::uint64_t> first;
  std::int64_t storm_seconds = 20;
  std::string plant;
  bool trace = false;
  bool twice = false;
  bool detection = false;
  bool detection_plot = false;
};

const std::map<std::string, sim::Plant> kPlants{
    {"ack-before-sync", sim::Plant::kAckBeforeSync},
    {"reuse-incarnation", sim::Plant::kReuseIncarnation},
    {"seen-from-context", sim::Plant::kSeenFromContext},
    {"lose-rows", sim::Plant::kLoseRows},
    {"drop-versions", sim::Plant::kDropVersions},
    {"hide-rows", sim::Plant::kHideRows},
    {"alter-views", sim::Plant::kAlterViews},
    {"keep-rows", sim::Plant::kKeepRows},
    {"keep-log-rows", sim::Plant::kKeepLogRows},
    {"keep-trees", sim::Plant::kKeepTrees},
    {"keep-notes", sim::Plant::kKeepNotes},
};

constexpr const char* kFooter =
    "Every seed draws a topology, a load and which faults strike: loss, delay, repetition,\n"
    "reordering, cuts, crashes that lose what was not synced, steps of clocks, slow disks.\n"
    "Then all is healed, and the checkers judge. The same seed is the same run on every "
    "machine.\n\n"
    "Examples:\n"
    "  meridian-sim --seed 7                 one run\n"
    "  meridian-sim --seed 7 --trace         with every event, to read what happened\n"
    "  meridian-sim --seeds 1..300 --twice   each run twice, comparing the traces\n"
    "  meridian-sim --minutes 480            new seeds for a night\n"
    "  meridian-sim --seeds 1..200 --plant ack-before-sync    a bug that must be found\n"
    "  meridian-sim --detection-plot > spread.svg             the failure detector, measured\n\n"
    "Exit status: 0 nothing found, 1 a promise was broken, 2 wrong usage.";

sim::RunOptions OptionsOf(const Arguments& arguments) {
  sim::RunOptions options;
  options.storm = std::chrono::seconds(arguments.storm_seconds);
  if (!arguments.plant.empty()) options.plant = kPlants.at(arguments.plant);
  if (arguments.trace) {
    options.show = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  }
  return options;
}

std::string CommandOf(const Arguments& arguments, std::uint64_t seed) {
  std::string command = "meridian-sim --seed " + std::to_string(seed);
  if (arguments.storm_seconds != 20) {
    command += " --storm " + std::to_string(arguments.storm_seconds);
  }
  if (!arguments.plant.empty()) command += " --plant " + arguments.plant;
  return command + " --trace";
}

// True when nothing was broken.
bool RunOne(const Arguments& arguments, std::uint64_t seed) {
  // Before the run: a failed check within it ends the process, and this line tells the seed.
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  sim::RunReport report = sim::RunSeed(seed, OptionsOf(arguments));
  if (arguments.twice && sim::RunSeed(seed, OptionsOf(arguments)).trace_hash != report.trace_hash) {
    report.violations.emplace_back("a second run of the seed left another trace");
  }
  const sim::RunFigures& figures = report.figures;
  std::printf("  drawn   %s\n", report.drawn.c_str());
  std::printf(
      "  figures %zu operations, %zu acknowledged, %zu maybe, %llu messages, %llu crashes, "
      "%zu hints to bring home, at rest after %.0f s, %.0f virtual s, trace %s\n",
      figures.operations, figures.acknowledged, figures.maybe,
      static_cast<unsigned long long>(figures.messages),
      static_cast<unsigned long long>(figures.crashes), figures.hints,
      static_cast<double>(figures.quiet_after.count()) / 1e6,
      static_cast<double>(figures.virtual_time.count()) / 1e6, sim::Hex(report.trace_hash).c_str());
  for (const std::string& violation : report.violations) {
    std::printf("  BROKEN  %s\n", violation.c_str());
  }
  if (report.violations.empty()) {
    std::printf("  ok\n");
  } else {
    std::printf("  again   %s\n", CommandOf(arguments, seed).c_str());
  }
  return report.violations.empty();
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> ParseRange(const std::string& text) {
  unsigned long long first = 0;
  unsigned long long last = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%llu..%llu%n", &first, &last, &used) != 2 ||
      static_cast<std::size_t>(used) != text.size() || first > last) {
    return std::nullopt;
  }
  return std::pair<std::uint64_t, std::uint64_t>(first, last);
}

int RunRange(const Arguments& arguments, std::uint64_t first, std::uint64_t last) {
  std::uint64_t broken = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) broken += !RunOne(arguments, seed);
  const auto count = static_cast<unsigned long long>(last - first + 1);
  std::printf("%llu seeds, %llu broken\n", count, static_cast<unsigned long long>(broken));
  return broken == 0 ? 0 : 1;
}

// Until the time is over or something broke; by default seeds that no other night has had.
int RunMinutes(const Arguments& arguments) {
  const Moment start = io::Now();
  std::uint64_t seed =
      arguments.first.value_or(static_cast<std::uint64_t>(start.wall.time_since_epoch().count()));
  while (io::Now().monotonic - start.monotonic < std::chrono::minutes(arguments.minutes)) {
    if (!RunOne(arguments, seed++)) return 1;
  }
  return 0;
}

// The failure detector's figures, which docs/failure-detection.md shows.
int ShowDetection(bool plot) {
  constexpr std::uint64_t kSeeds = 20;
  const auto spread = sim::MeasureSpread({3, 5, 10, 20, 50, 100}, kSeeds);
  if (plot) {
    std::printf("%s", sim::SpreadPlot(spread).c_str());
  } else {
    std::printf("%s\n%s\n%s", sim::SpreadTable(spread).c_str(), sim::PauseTable(200).c_str(),
                sim::LossTable(kSeeds).c_str());
  }
  return 0;
}

int Main(const Arguments& arguments) {
  if (arguments.detection || arguments.detection_plot) {
    return ShowDetection(arguments.detection_plot);
  }
  if (arguments.minutes > 0) return RunMinutes(arguments);
  if (!arguments.seeds.empty()) {
    const auto range = ParseRange(arguments.seeds);
    if (range) return RunRange(arguments, range->first, range->second);
    std::fprintf(stderr, "meridian-sim: --seeds %s: give FROM..TO, as 1..300\n",
                 arguments.seeds.c_str());
    return 2;
  }
  if (arguments.seed) return RunOne(arguments, *arguments.seed) ? 0 : 1;
  std::fprintf(stderr,
               "meridian-sim: give --seed, --seeds, --minutes or --detection; see --help\n");
  return 2;
}

}  // namespace
}  // namespace meridian::apps

int main(int argc, char** argv) {
  meridian::apps::Arguments arguments;
  CLI::App app{
      "Runs three regions with gateways in one thread under a virtual clock and checks the "
      "system's promises."};
  app.set_version_flag("--version", MERIDIAN_VERSION);
  app.footer(meridian::apps::kFooter);
  app.add_option("--seed", arguments.seed, "run this seed");
  app.add_option("--seeds", arguments.seeds, "run these seeds: FROM..TO");
  app.add_option("--minutes", arguments.minutes, "run new seeds for so long, or until one breaks");
  app.add_option("--first", arguments.first, "with --minutes: the first seed (default: the clock)");
  app.add_option("--storm", arguments.storm_seconds,
                 "virtual seconds in which faults strike and clients work (default 20)");
  app.add_flag("--trace", arguments.trace, "print every event, one line each");
  app.add_flag("--twice", arguments.twice, "run each seed twice and compare the traces");
  app.add_flag("--detection", arguments.detection,
               "measure failure detection in simulated rings of 3 to 100 nodes: three tables");
  app.add_flag("--detection-plot", arguments.detection_plot, "the first of them as an SVG");
  std::vector<std::string> plants;
  for (const auto& [name, plant] : meridian::apps::kPlants) plants.push_back(name);
  app.add_option("--plant", arguments.plant, "plant a bug, to see it found")
      ->check(CLI::IsMember(plants));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  return meridian::apps::Main(arguments);
}
