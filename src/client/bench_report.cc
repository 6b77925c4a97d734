#include "client/bench_report.h"

#include <cstdio>

#include "client/text.h"

namespace meridian::client {
namespace {

constexpr double kPercentiles[] = {50, 90, 99, 99.9};

std::string Micro(std::uint64_t microseconds) {
  return FormatDuration(Duration(static_cast<std::int64_t>(microseconds)));
}

void AddLatency(Table& table, const char* what, const Histogram& histogram) {
  if (histogram.count() == 0) return;
  std::vector<std::string> cells = {what, FormatCount(histogram.count())};
  for (const double percent : kPercentiles) cells.push_back(Micro(histogram.Percentile(percent)));
  cells.push_back(Micro(histogram.max()));
  table.Add(std::move(cells));
}

nlohmann::json LatencyJson(const Histogram& histogram) {
  return {{"count", histogram.count()},         {"mean_us", histogram.Mean()},
          {"p50_us", histogram.Percentile(50)}, {"p90_us", histogram.Percentile(90)},
          {"p99_us", histogram.Percentile(99)}, {"p99_9_us", histogram.Percentile(99.9)},
          {"max_us", histogram.max()}};
}

// Where a phase ends and the next begins, in seconds.
std::vector<double> EndsOf(const BenchOptions& options, Duration took) {
  std::vector<double> ends;
  for (const Duration mark : options.marks)
    ends.push_back(std::chrono::duration<double>(mark).count());
  ends.push_back(std::chrono::duration<double>(took).count());
  return ends;
}

void PrintPhases(const BenchOptions& options, const BenchOutcome& outcome) {
  if (outcome.phases.size() < 2) return;
  const std::vector<double> ends = EndsOf(options, outcome.took);
  for (std::size_t i = 0; i < outcome.phases.size(); ++i) {
    const BenchPhase& phase = outcome.phases[i];
    std::printf("\nuntil %s s: errors %s, in several attempts %s\n",
                FormatNumber(ends[i], 1).c_str(), FormatCount(phase.errors).c_str(),
                FormatCount(phase.again).c_str());
    Table latency({"latency", "calls", "p50", "p90", "p99", "p99.9", "max"});
    AddLatency(latency, "put", phase.puts_us);
    AddLatency(latency, "get", phase.gets_us);
    std::printf("%s", latency.Text().c_str());
  }
}

nlohmann::json PhasesJson(const BenchOptions& options, const BenchOutcome& outcome) {
  const std::vector<double> ends = EndsOf(options, outcome.took);
  nlohmann::json phases = nlohmann::json::array();
  for (std::size_t i = 0; i < outcome.phases.size(); ++i) {
    const BenchPhase& phase = outcome.phases[i];
    phases.push_back({{"until_seconds", ends[i]},
                      {"errors", phase.errors},
                      {"in_several_attempts", phase.again},
                      {"put", LatencyJson(phase.puts_us)},
                      {"get", LatencyJson(phase.gets_us)}});
  }
  return phases;
}

double PerCall(std::uint64_t nanoseconds, std::uint64_t calls) {
  return calls == 0 ? 0 : static_cast<double>(nanoseconds) / 1e3 / static_cast<double>(calls);
}

std::uint64_t TotalOf(const std::vector<ServerCpu::Used>& cpu) {
  std::uint64_t total = 0;
  for (const ServerCpu::Used& used : cpu) total += used.nanoseconds.value_or(0);
  return total;
}

double ShareOf(std::uint64_t nanoseconds, Duration length) {
  return static_cast<double>(nanoseconds) / 10 / static_cast<double>(length.count());
}

void PrintCpu(const std::vector<ServerCpu::Used>& cpu, std::uint64_t calls, Duration took) {
  if (cpu.empty()) {
    std::printf("\nno server processes found: name them with --pids, or their home with --data\n");
    return;
  }
  Table table({"server CPU", "us/op", "% of a core"});
  for (const ServerCpu::Used& used : cpu) {
    const std::uint64_t time = used.nanoseconds.value_or(0);
    table.Add({used.name, used.nanoseconds ? FormatNumber(PerCall(time, calls), 2) : "ended",
               FormatNumber(ShareOf(time, took), 1)});
  }
  const std::uint64_t total = TotalOf(cpu);
  table.Add(
      {"total", FormatNumber(PerCall(total, calls), 2), FormatNumber(ShareOf(total, took), 1)});
  std::printf("\n%s", table.Text().c_str());
}

}  // namespace

void PrintReport(const BenchOptions& options, const BenchReport& report) {
  const BenchOutcome& outcome = report.outcome;
  const double seconds = std::chrono::duration<double>(outcome.took).count();
  const double rate = seconds > 0 ? static_cast<double>(outcome.ended) / seconds : 0;
  if (options.rate > 0) {
    std::printf("open loop, %s calls/s wanted: ", FormatNumber(options.rate, 0).c_str());
  } else {
    std::printf("closed loop, %zu in flight: ", options.in_flight);
  }
  std::printf("%s calls in %s, %s/s\n", FormatCount(outcome.Calls()).c_str(),
              FormatDuration(outcome.took).c_str(),
              FormatCount(static_cast<std::uint64_t>(rate)).c_str());
  Table latency({"latency", "calls", "p50", "p90", "p99", "p99.9", "max"});
  AddLatency(latency, "put", outcome.puts_us);
  AddLatency(latency, "get", outcome.gets_us);
  std::printf("\n%s", latency.Text().c_str());
  std::printf(
      "\nerrors %s, not found %s, siblings %s; retries %s, timeouts %s, lost %s, maybe %s\n",
      FormatCount(outcome.errors).c_str(), FormatCount(outcome.not_found).c_str(),
      FormatCount(outcome.siblings).c_str(), FormatCount(outcome.client.retries).c_str(),
      FormatCount(outcome.client.timeouts).c_str(), FormatCount(outcome.client.lost).c_str(),
      FormatCount(outcome.client.maybes).c_str());
  PrintPhases(options, outcome);
  if (!outcome.first_error.empty()) std::printf("first error: %s\n", outcome.first_error.c_str());
  PrintCpu(report.cpu, outcome.ended, outcome.took);
  if (report.syncs.empty()) return;
  std::printf("\nthis disk's own sync (fdatasync of 128 bytes): median %s, p90 %s\n",
              FormatDuration(report.syncs[report.syncs.size() / 2]).c_str(),
              FormatDuration(report.syncs[report.syncs.size() * 9 / 10]).c_str());
}

nlohmann::json ReportJson(const BenchOptions& options, const BenchReport& report) {
  const BenchOutcome& outcome = report.outcome;
  nlohmann::json json;
  json["in_flight"] = options.rate > 0 ? 0 : options.in_flight;
  json["rate_wanted"] = options.rate;
  json["seconds"] = std::chrono::duration<double>(outcome.took).count();
  json["calls"] = outcome.Calls();
  json["ended"] = outcome.ended;
  json["put"] = LatencyJson(outcome.puts_us);
  json["get"] = LatencyJson(outcome.gets_us);
  json["errors"] = outcome.errors;
  json["first_error"] = outcome.first_error;
  json["in_several_attempts"] = outcome.again;
  json["phases"] = PhasesJson(options, outcome);
  json["not_found"] = outcome.not_found;
  json["siblings"] = outcome.siblings;
  json["retries"] = outcome.client.retries;
  json["timeouts"] = outcome.client.timeouts;
  json["lost"] = outcome.client.lost;
  json["maybes"] = outcome.client.maybes;
  json["cpu_us_per_op"] = nlohmann::json::object();
  for (const ServerCpu::Used& used : report.cpu) {
    json["cpu_us_per_op"][used.name] =
        used.nanoseconds ? nlohmann::json(PerCall(*used.nanoseconds, outcome.ended))
                         : nlohmann::json(nullptr);
  }
  json["cpu_us_per_op_total"] = PerCall(TotalOf(report.cpu), outcome.ended);
  if (!report.syncs.empty()) {
    json["sync_median_us"] = report.syncs[report.syncs.size() / 2].count();
  }
  return json;
}

void PrintIdle(const std::vector<ServerCpu::Used>& cpu, Duration length, bool as_json) {
  nlohmann::json json = nlohmann::json::object();
  Table table({"idle process", "% of a core"});
  for (const ServerCpu::Used& used : cpu) {
    const double share = ShareOf(used.nanoseconds.value_or(0), length);
    json["cpu_percent"][used.name] = share;
    table.Add({used.name, used.nanoseconds ? FormatNumber(share, 2) : "ended"});
  }
  const double total = ShareOf(TotalOf(cpu), length);
  json["cpu_percent_total"] = total;
  table.Add({"total", FormatNumber(total, 2)});
  std::printf("%s", as_json ? (json.dump(2) + '\n').c_str() : table.Text().c_str());
}

}  // namespace meridian::client
