#include "client/demo.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "client/exit_codes.h"
#include "client/probe.h"
#include "client/text.h"
#include "io/clocks.h"
#include "io/this_process.h"

namespace meridian::client {
namespace {

constexpr Duration kLagPoll = std::chrono::milliseconds(50);
// A gateway knows its lag as of the origin's last report. The records that were loaded last must be
// readable too before "held" is believed.
constexpr std::size_t kLastRecords = 500;

std::string OrDash(std::optional<double> milliseconds) {
  return milliseconds ? FormatNumber(*milliseconds, 0) : "-";
}

// Waits until the gateways say that all others hold what `origin` has; whether they did in time.
// Nothing if they do not tell such things.
std::optional<bool> AwaitHeld(const local::Topology& topology, const std::string& origin,
                              Instant deadline) {
  for (;;) {
    const std::optional<bool> all = AllHold(topology, AskGateways(topology), origin);
    if (!all || *all) return all;
    if (io::Now().monotonic > deadline) return false;
    io::SleepFor(kLagPoll);
  }
}

// What a link carried between two askings. A gateway that was restarted in between counts from 0.
std::optional<std::uint64_t> Grown(std::optional<std::uint64_t> before,
                                   std::optional<std::uint64_t> after) {
  if (!after) return std::nullopt;
  return before && *before <= *after ? *after - *before : *after;
}

void ShowLinks(const WanFigures& before, const WanFigures& after) {
  if (after.links.empty()) return;
  Table table({"link", "before compression", "sent", "received", "ratio"});
  for (const LinkFigures& link : after.links) {
    LinkFigures old;
    for (const LinkFigures& other : before.links) {
      if (other.gateway == link.gateway && other.peer == link.peer) old = other;
    }
    const auto plain = Grown(old.plain_bytes, link.plain_bytes);
    const auto sent = Grown(old.bytes_sent, link.bytes_sent);
    const auto received = Grown(old.bytes_received, link.bytes_received);
    const bool has_ratio = plain && sent && *plain > 0;
    table.Add({link.gateway + " > " + link.peer, plain ? FormatBytes(*plain) : "-",
               sent ? FormatBytes(*sent) : "-", received ? FormatBytes(*received) : "-",
               has_ratio ? FormatNumber(static_cast<double>(*sent) / static_cast<double>(*plain), 3)
                         : "-"});
  }
  std::printf("\n%s", table.Text().c_str());
}

void ShowLags(const WanFigures& figures, const std::string& origin) {
  Table table({"lag", "p50 ms", "p99 ms", "max ms"});
  bool any = false;
  for (const Lag& lag : figures.lags) {
    if (lag.origin != origin) continue;
    any = true;
    table.Add({lag.origin + " > " + lag.target, OrDash(lag.p50_ms), OrDash(lag.p99_ms),
               OrDash(lag.max_ms)});
  }
  if (any) std::printf("\n%s", table.Text().c_str());
}

// The regions that the records are shipped to: all but their own that hold the namespace.
std::vector<const local::Region*> TargetsOf(const BulkJob& job) {
  const local::Topology& topology = job.topology;
  const local::Namespace* space = topology.FindNamespace(job.options.space);
  const local::Placement* placement = topology.FindPlacement(space->placement);
  std::vector<const local::Region*> targets;
  for (const local::Region& region : topology.regions) {
    if (region.id == job.options.region || !placement->replicas.contains(region.id)) continue;
    targets.push_back(&region);
  }
  return targets;
}

// One run of the demonstration, step by step.
class Demo {
 public:
  explicit Demo(BulkJob& job, std::vector<const local::Region*> targets, Duration patience)
      : job_(job),
        targets_(std::move(targets)),
        patience_(patience),
        origin_(*job.topology.FindRegion(job.options.region)) {}

  int Run() {
    before_ = AskGateways(job_.topology);
    start_ = io::Now().monotonic;
    if (const int code = Load(); code != kExitOk) return code;
    if (const int code = Wait(); code != kExitOk) return code;
    after_ = AskGateways(job_.topology);
    const int code = Verify();
    if (code != kExitInterrupted) Report();
    return code;
  }

 private:
  int Load() {
    const auto outcome = LoadRecords(job_.topology, job_.options, job_.records.records);
    if (outcome) load_ = *outcome;
    return TellLoad(job_, outcome);
  }
  // Not held in time is no failure yet: the comparison decides. Interrupted is one.
  int Wait() {
    std::printf("waiting until the other regions hold all of it ...\n");
    std::fflush(stdout);
    auto held = AwaitHeld(job_.topology, origin_.name, start_ + patience_);
    bool interrupted = false;
    if (held.value_or(false)) held = LastRecordsAreThere(interrupted);
    if (interrupted) return Complain("interrupted; nothing was compared"), kExitInterrupted;
    const Duration took = io::Now().monotonic - start_;
    if (held.value_or(false)) {
      held_after_ = took;
      std::printf("held everywhere %s after the first write\n", FormatDuration(took).c_str());
    } else if (held) {
      Complain("not held everywhere after " + FormatDuration(took) + "; see `meridian lag`");
    } else {
      Complain("the gateways do not tell their lag; comparing until all is there instead");
    }
    return kExitOk;
  }
  bool LastRecordsAreThere(bool& interrupted) {
    const auto& all = job_.records.records;
    const std::size_t count = std::min(all.size(), kLastRecords);
    const std::vector<Record> last(all.end() - static_cast<std::ptrdiff_t>(count), all.end());
    for (const local::Region* region : targets_) {
      BulkOptions options = job_.options;
      options.region = region->id;
      const Duration left = std::max(Duration::zero(), start_ + patience_ - io::Now().monotonic);
      const auto outcome = VerifyRecords(job_.topology, options, last, left);
      interrupted = outcome && outcome->figures.interrupted;
      if (!outcome || interrupted || outcome->same < last.size()) return false;
    }
    return true;
  }
  int Verify() {
    int worst = kExitOk;
    for (const local::Region* region : targets_) {
      BulkOptions options = job_.options;
      options.region = region->id;
      const Duration wait = held_after_ ? std::chrono::seconds(0) : patience_;
      const auto outcome = VerifyRecords(job_.topology, options, job_.records.records, wait);
      const int code = TellVerify(job_, region->name, outcome);
      if (code == kExitInterrupted) return code;
      worst = std::max(worst, code);
      // What was never read, after giving up, proves nothing and counts as wrong.
      mismatches_ += job_.records.records.size() - (outcome ? outcome->same : 0);
    }
    if (mismatches_ > 0 && held_after_) {
      Complain("so it was not held everywhere, though the gateways said that nothing is behind");
      held_after_.reset();
    }
    return worst;
  }
  void Report() const {
    const double seconds = std::chrono::duration<double>(load_.figures.took).count();
    const auto rate = static_cast<double>(load_.stored) / std::max(seconds, 1e-6);
    std::printf("\nReport\n");
    std::printf("  records                    %s, %s of keys and values\n",
                FormatCount(load_.stored).c_str(), FormatBytes(job_.records.bytes).c_str());
    std::printf("  load into %-16s %s/s for %s; %s retries, %s timeouts\n", origin_.name.c_str(),
                FormatCount(static_cast<std::uint64_t>(rate)).c_str(),
                FormatDuration(load_.figures.took).c_str(),
                FormatCount(load_.figures.client.retries).c_str(),
                FormatCount(load_.figures.client.timeouts).c_str());
    std::printf("  first write to last held   %s\n",
                held_after_ ? FormatDuration(*held_after_).c_str() : "unknown");
    std::printf("  mismatches                 %s\n", FormatCount(mismatches_).c_str());
    ShowLinks(before_, after_);
    ShowLags(after_, origin_.name);
  }

  BulkJob& job_;
  std::vector<const local::Region*> targets_;
  Duration patience_;
  const local::Region& origin_;
  WanFigures before_;
  WanFigures after_;
  Instant start_;
  LoadOutcome load_;
  std::optional<Duration> held_after_;
  std::uint64_t mismatches_ = 0;
};

}  // namespace

int RunDemo(const CommonOptions& common, const BulkArguments& arguments) {
  const auto job = PrepareBulk(common, arguments);
  if (!job) return kExitUsage;
  std::vector<const local::Region*> targets = TargetsOf(*job);
  if (targets.empty()) {
    Complain("no other region holds namespace '" + job->options.space +
             "', so there is nothing to compare; a topology of several regions is "
             "config/topologies/three-regions.yaml");
    return kExitUsage;
  }
  return Demo(*job, std::move(targets), Duration(static_cast<std::int64_t>(arguments.wait_s * 1e6)))
      .Run();
}

}  // namespace meridian::client
