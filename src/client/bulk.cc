#include "client/bulk.h"

#include <algorithm>
#include <numeric>

#include "client/text.h"
#include "io/clocks.h"
#include "io/this_process.h"

namespace meridian::client {
namespace {

using node::ClientAnswer;
using node::Status;

constexpr std::size_t kExamples = 5;
// No call has ended for so long: the region is not there. Longer than a node takes to start again.
constexpr Duration kPatience = std::chrono::seconds(15);
constexpr Duration kBetweenPasses = std::chrono::milliseconds(300);

Options CallOptions(const BulkOptions& options) {
  Options call;
  call.level = options.level;
  call.timeout = options.timeout;
  return call;
}

std::string LabelOf(const char* verb, const local::Topology& topology, RegionId region) {
  return std::string(verb) + ' ' + topology.FindRegion(region)->name;
}

void NoteExample(std::vector<std::string>& examples, const Bytes& key, const std::string& what) {
  if (examples.size() < kExamples) examples.push_back(Escaped(key) + ": " + what);
}

// Refused for what the record is: it would be again.
bool IsWrong(Status status) {
  return status == Status::kBadRequest || status == Status::kTooLarge;
}

// Counts one record; whether it is the same.
bool Compare(const Record& record, const ClientAnswer& answer, VerifyOutcome& outcome) {
  if (answer.status == Status::kOk && answer.values.size() == 1) {
    if (answer.values[0] == record.value) {
      ++outcome.same;
      return true;
    }
    ++outcome.different;
    NoteExample(outcome.examples, record.key,
                "different: " + std::to_string(answer.values[0].size()) + " bytes instead of " +
                    std::to_string(record.value.size()));
  } else if (answer.status == Status::kNotFound) {
    ++outcome.missing;
    NoteExample(outcome.examples, record.key, "missing");
  } else if (answer.status == Status::kSiblings) {
    ++outcome.siblings;
    NoteExample(outcome.examples, record.key,
                std::to_string(answer.values.size()) + " concurrent values");
  } else {
    ++outcome.failed;
    NoteExample(outcome.examples, record.key,
                std::string(node::CodeOf(answer.status)) + ": " + answer.message);
  }
  return false;
}

void AddFigures(Pump::Figures& total, const Pump::Figures& pass) {
  total.client.calls += pass.client.calls;
  total.client.retries += pass.client.retries;
  total.client.timeouts += pass.client.timeouts;
  total.client.maybes += pass.client.maybes;
  total.client.refused += pass.client.refused;
  total.took += pass.took;
  total.interrupted |= pass.interrupted;
  total.gave_up |= pass.gave_up;
}

}  // namespace

Result<LoadOutcome> LoadRecords(const local::Topology& topology, const BulkOptions& options,
                                const std::vector<Record>& records) {
  LoadOutcome outcome;
  const Options call = CallOptions(options);
  Pump pump(topology, {options.region, options.window, kPatience},
            LabelOf("load", topology, options.region));
  Result<Pump::Figures> figures = pump.Run(records.size(), [&](Client& client, std::size_t index,
                                                               std::function<void()> done) {
    const Record& record = records[index];
    client.Put(options.space, record.key, record.value, call,
               [&outcome, &record, &pump, done = std::move(done)](const ClientAnswer& answer,
                                                                  CallFigures) {
                 if (answer.status == Status::kOk) {
                   ++outcome.stored;
                 } else {
                   ++outcome.failed;
                   if (answer.maybe) ++outcome.maybe;
                   if (IsWrong(answer.status)) ++outcome.wrong;
                   if (!pump.has_given_up()) {
                     NoteExample(outcome.failures, record.key,
                                 std::string(node::CodeOf(answer.status)) + ": " + answer.message);
                   }
                 }
                 done();
               });
  });
  if (!figures) return figures.failure();
  outcome.figures = *figures;
  return outcome;
}

Result<VerifyOutcome> VerifyRecords(const local::Topology& topology, const BulkOptions& options,
                                    const std::vector<Record>& records, Duration wait) {
  const Options call = CallOptions(options);
  const Instant deadline = io::Now().monotonic + wait;
  Pump pump(topology, {options.region, options.window, std::max(kPatience, wait)},
            LabelOf("verify", topology, options.region));
  std::vector<std::size_t> left(records.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  Pump::Figures total;
  for (std::uint64_t same = 0;;) {
    VerifyOutcome outcome;
    std::vector<std::size_t> wrong;
    Result<Pump::Figures> pass =
        pump.Run(left.size(), [&](Client& client, std::size_t at, std::function<void()> done) {
          const std::size_t index = left[at];
          client.Get(options.space, records[index].key, call,
                     [&, index, done = std::move(done)](const ClientAnswer& answer, CallFigures) {
                       if (pump.has_given_up()) {
                         ++outcome.failed;
                       } else if (!Compare(records[index], answer, outcome)) {
                         wrong.push_back(index);
                       }
                       done();
                     });
        });
    if (!pass) return pass.failure();
    AddFigures(total, *pass);
    same += outcome.same;
    // After giving up, `wrong` lacks those that were never asked for.
    const bool over =
        wrong.empty() || total.interrupted || total.gave_up || io::Now().monotonic >= deadline;
    if (over) {
      outcome.same = same;
      outcome.figures = total;
      return outcome;
    }
    left = std::move(wrong);
    io::SleepFor(kBetweenPasses);
  }
}

}  // namespace meridian::client
