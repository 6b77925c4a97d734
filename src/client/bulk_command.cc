#include "client/bulk_command.h"

#include <cstdio>
#include <map>

#include "client/demo.h"
#include "client/exit_codes.h"
#include "client/text.h"
#include "io/files.h"

namespace meridian::client {
namespace {

const std::map<std::string, RecordFormat> kFormats = {{"dpkg", RecordFormat::kDpkg},
                                                      {"lines", RecordFormat::kLines},
                                                      {"jsonl", RecordFormat::kJsonLines}};

std::string RetriesOf(const ClientFigures& figures) {
  return FormatCount(figures.retries) + " retries (" + FormatCount(figures.timeouts) +
         " for want of an answer)";
}

CLI::App* AddCommand(CLI::App& app, const char* name, const char* help, BulkArguments& arguments) {
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option("FILE", arguments.file, "The records, or - for standard input")->required();
  command
      ->add_option("--format", arguments.format,
                   "dpkg (default): paragraphs, key name/version; lines: key<TAB>value; jsonl")
      ->transform(CLI::CheckedTransformer(kFormats).description(""));
  command->add_option("--region,-r", arguments.region, "Where (default: the topology's first)");
  command->add_option("--namespace,-n", arguments.space)->capture_default_str();
  command->add_option("--window", arguments.window, "Calls in flight")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  return command;
}

int TellNotStored(const BulkJob& job, const LoadOutcome& outcome) {
  const std::uint64_t lacking = job.records.records.size() - outcome.stored;
  if (outcome.wrong == lacking) {
    Complain(FormatCount(lacking) + " records were refused, as they would be again");
    return kExitUsage;
  }
  if (outcome.figures.gave_up) {
    Complain("gave up: region " + job.topology.FindRegion(job.options.region)->name +
             " does not answer");
  }
  Complain(FormatCount(lacking) + " records were not stored (" + FormatCount(outcome.maybe) +
           " of them perhaps); load again when `meridian dev "
           "status` shows the region ready");
  return outcome.maybe == 0 ? kExitUnavailable : kExitMaybe;
}

}  // namespace

std::unique_ptr<BulkJob> PrepareBulk(const CommonOptions& common, const BulkArguments& arguments) {
  const auto topology = TopologyOrComplain(common);
  if (!topology) return nullptr;
  const local::Region* region = RegionOrComplain(*topology, arguments.region);
  if (region == nullptr) return nullptr;
  if (topology->FindNamespace(arguments.space) == nullptr) {
    Complain("no namespace '" + arguments.space + "' in the topology; add it there");
    return nullptr;
  }
  const Result<Bytes> text =
      arguments.file == "-" ? io::ReadStandardInput() : io::ReadFile(arguments.file);
  if (!text) return Complain(text.error().message), nullptr;
  Result<Records> records = ParseRecords(*text, arguments.format);
  if (!records) return Complain(arguments.file + ": " + records.error().message), nullptr;
  if (records->records.empty()) {
    Complain((arguments.file == "-" ? "standard input" : arguments.file) + " has no records");
    return nullptr;
  }
  auto job = std::make_unique<BulkJob>();
  job->options.region = region->id;
  job->options.space = arguments.space;
  job->options.window = arguments.window;
  job->topology = *topology;
  job->records = std::move(*records);
  std::printf("%s records, %s", FormatCount(job->records.records.size()).c_str(),
              FormatBytes(job->records.bytes).c_str());
  if (job->records.duplicates > 0) {
    std::printf("; %s came again later under the same key, the last one counts",
                FormatCount(job->records.duplicates).c_str());
  }
  std::printf("\n");
  return job;
}

int TellLoad(const BulkJob& job, const Result<LoadOutcome>& outcome) {
  if (!outcome) return Complain(outcome.error().message), kExitNo;
  const Pump::Figures& figures = outcome->figures;
  const double seconds = std::chrono::duration<double>(figures.took).count();
  const auto rate =
      static_cast<std::uint64_t>(static_cast<double>(outcome->stored) / std::max(seconds, 1e-6));
  std::printf("stored %s of %s records in %s: %s/s, %s\n", FormatCount(outcome->stored).c_str(),
              FormatCount(job.records.records.size()).c_str(), FormatDuration(figures.took).c_str(),
              FormatCount(rate).c_str(), RetriesOf(figures.client).c_str());
  for (const std::string& failure : outcome->failures) Complain(failure);
  if (figures.interrupted)
    return Complain("interrupted; load again to store the rest"), kExitInterrupted;
  if (outcome->failed == 0) return kExitOk;
  return TellNotStored(job, *outcome);
}

int TellVerify(const BulkJob& job, const std::string& region,
               const Result<VerifyOutcome>& outcome) {
  if (!outcome) return Complain(outcome.error().message), kExitNo;
  std::printf("%s: %s of %s records are the same, byte for byte; %s\n", region.c_str(),
              FormatCount(outcome->same).c_str(), FormatCount(job.records.records.size()).c_str(),
              RetriesOf(outcome->figures.client).c_str());
  if (outcome->figures.interrupted) {
    return Complain("interrupted; not all was compared"), kExitInterrupted;
  }
  if (outcome->figures.gave_up) {
    Complain("gave up: region " + region + " does not answer; see `meridian dev status`");
    if (outcome->Mismatches() == outcome->failed) return kExitUnavailable;
  }
  if (outcome->Mismatches() == 0) return kExitOk;
  Complain(region + ": " + FormatCount(outcome->missing) + " missing, " +
           FormatCount(outcome->different) + " different, " + FormatCount(outcome->siblings) +
           " with several values, " + FormatCount(outcome->failed) + " unreadable; the first:");
  for (const std::string& example : outcome->examples) Complain("  " + example);
  return outcome->Mismatches() == outcome->failed ? kExitUnavailable : kExitNo;
}

void AddBulkCommands(CLI::App& app, const CommonOptions& common, int& exit_code) {
  const auto arguments = std::make_shared<BulkArguments>();
  CLI::App* load = AddCommand(app, "load", "Write the records of a file into a region", *arguments);
  load->footer("Example:\n  apt-cache dumpavail | meridian load - -r us-east -n packages");
  load->callback([&common, &exit_code, arguments] {
    const auto job = PrepareBulk(common, *arguments);
    exit_code = job ? TellLoad(*job, LoadRecords(job->topology, job->options, job->records.records))
                    : kExitUsage;
  });

  CLI::App* verify = AddCommand(
      app, "verify", "Compare what a region holds with the records of a file", *arguments);
  verify->add_option("--wait", arguments->wait_s, "Seconds to go on until all are the same");
  verify->footer(
      "Example:\n"
      "  apt-cache dumpavail | meridian verify - -r ap-south -n packages --wait 60");
  verify->callback([&common, &exit_code, arguments] {
    const auto job = PrepareBulk(common, *arguments);
    if (!job) {
      exit_code = kExitUsage;
      return;
    }
    const Duration wait(static_cast<std::int64_t>(arguments->wait_s * 1e6));
    exit_code = TellVerify(*job, job->topology.FindRegion(job->options.region)->name,
                           VerifyRecords(job->topology, job->options, job->records.records, wait));
  });

  const auto demo_arguments = std::make_shared<BulkArguments>();
  demo_arguments->wait_s = 180;
  CLI::App* demo = AddCommand(
      app, "demo", "Load, wait until every other region has all, verify there, and report",
      *demo_arguments);
  demo->add_option("--wait", demo_arguments->wait_s, "Seconds to wait for the other regions")
      ->capture_default_str();
  demo->footer("Example:\n  apt-cache dumpavail | meridian demo - -r us-east -n packages");
  demo->callback(
      [&common, &exit_code, demo_arguments] { exit_code = RunDemo(common, *demo_arguments); });
}

}  // namespace meridian::client
