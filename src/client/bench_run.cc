#include "client/bench_run.h"

#include <algorithm>
#include <cstdio>

#include "client/pump.h"
#include "io/clocks.h"

namespace meridian::client {
namespace {

using node::ClientAnswer;
using node::Status;

constexpr Duration kPace = std::chrono::milliseconds(1);
constexpr std::size_t kBurst = 1024;
// Of an open loop; beyond it the system is hopelessly behind and the client refuses.
constexpr std::size_t kOpenLoopInFlightMax = 16384;

Bytes KeyOf(std::uint64_t number) {
  char key[32];
  std::snprintf(key, sizeof key, "bench/%08llu", static_cast<unsigned long long>(number));
  return key;
}

Bytes ValueOf(std::size_t size, Random& random) {
  Bytes value(size, '\0');
  for (char& byte : value) byte = static_cast<char>(random.Next() >> 56);
  return value;
}

class BenchRun {
 public:
  BenchRun(const local::Topology& topology, const BenchOptions& options,
           const std::function<void(bool)>& measured)
      : topology_(topology),
        options_(options),
        measured_(measured),
        random_(options.seed),
        phase_(loop_.context()),
        pacer_(loop_.context()),
        keep_contexts_(topology.FindNamespace(options.space)->policy == local::Policy::kSiblings),
        contexts_(keep_contexts_ ? options.keys : 0) {}

  Result<BenchOutcome> Run() {
    ClientSettings settings;
    settings.region = options_.region;
    settings.seed = options_.seed;
    settings.max_in_flight =
        options_.rate > 0 ? kOpenLoopInFlightMax : std::max<std::size_t>(options_.in_flight, 1);
    auto client = Client::Open(loop_.context(), topology_, settings);
    if (!client) return client.failure();
    client_ = std::move(*client);
    io::Post(loop_.context(), [this] { Begin(); });
    outcome_.interrupted = loop_.Run();
    if (measuring_) EndMeasuring();
    outcome_.client = client_->figures();
    over_ = true;
    client_.reset();
    return outcome_;
  }

 private:
  void Begin() {
    begin_ = io::Now().monotonic;
    phase_.At(begin_ + options_.warm_up, [this] { BeginMeasuring(); });
    if (options_.rate > 0) return Pace();
    for (std::size_t i = 0; i < options_.in_flight; ++i) StartOne(io::Now().monotonic);
  }
  void BeginMeasuring() {
    measuring_ = true;
    measured_(true);
    measure_from_ = io::Now().monotonic;
    outcome_.phases.resize(options_.marks.size() + 1);
    measure_to_ = measure_from_ + options_.length;
    phase_.At(measure_to_, [this] {
      EndMeasuring();
      StopIfDone();
    });
  }
  void EndMeasuring() {
    outcome_.took = io::Now().monotonic - measure_from_;
    measuring_ = false;
    measured_(false);
  }
  // Calls that were due in the measured time count however late they end, or a stall at the end
  // would go unseen. Each ends: by its deadline at the latest.
  bool IsOver() const { return outcome_.took > Duration{}; }
  void StopIfDone() {
    if (IsOver() && in_flight_ == 0 && (options_.rate <= 0 || all_started_)) loop_.Stop();
  }
  // Starts what is due; each call is due at its own instant, however late it is started. Who is far
  // behind must still hear of answers and of the end, so it is done in bursts.
  void Pace() {
    const Instant now = io::Now().monotonic;
    for (std::size_t burst = 0; burst < kBurst; ++burst) {
      const auto offset = static_cast<double>(started_) * 1e6 / options_.rate;
      const Instant due = begin_ + Duration(static_cast<std::int64_t>(offset));
      if (due >= measure_to_) {
        all_started_ = true;
        return StopIfDone();
      }
      if (due > now) return pacer_.At(now + kPace, [this] { Pace(); });
      ++started_;
      StartOne(due);
    }
    pacer_.At(now, [this] { Pace(); });
  }
  void StartOne(Instant due) {
    ++in_flight_;
    const std::uint64_t number = random_.Below(options_.keys);
    const bool read =
        options_.operation == BenchOperation::kGet ||
        (options_.operation == BenchOperation::kMix && random_.Chance(options_.read_fraction));
    Options call = options_.call;
    if (!read && keep_contexts_) call.context = contexts_[number];
    auto callback = [this, due, number, read](const ClientAnswer& answer, CallFigures figures) {
      Ended(due, number, read, answer, figures);
    };
    if (read) return client_->Get(options_.space, KeyOf(number), std::move(call), callback);
    client_->Put(options_.space, KeyOf(number), ValueOf(options_.value_bytes, random_),
                 std::move(call), callback);
  }
  void Ended(Instant due, std::uint64_t number, bool read, const ClientAnswer& answer,
             CallFigures figures) {
    if (over_) return;
    if (keep_contexts_) contexts_[number] = answer.context;
    --in_flight_;
    if (measuring_) ++outcome_.ended;
    // A call that began in the warm-up says nothing about the measured part in an open loop either.
    if (due >= measure_from_ && due < measure_to_) Count(due, read, answer, figures);
    if (options_.rate <= 0 && !IsOver()) return StartOne(io::Now().monotonic);
    StopIfDone();
  }
  BenchPhase& PhaseAt(Instant due) {
    const auto next = std::ranges::upper_bound(options_.marks, due - measure_from_);
    return outcome_.phases[static_cast<std::size_t>(next - options_.marks.begin())];
  }
  void Count(Instant due, bool read, const ClientAnswer& answer, CallFigures figures) {
    const Duration latency = io::Now().monotonic - due;
    const auto microseconds =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, latency.count()));
    if (answer.status == Status::kSiblings) ++outcome_.siblings;
    if (answer.status == Status::kNotFound) ++outcome_.not_found;
    const bool done = answer.status == Status::kOk || answer.status == Status::kSiblings ||
                      (read && answer.status == Status::kNotFound);
    for (BenchPhase* phase : {static_cast<BenchPhase*>(&outcome_), &PhaseAt(due)}) {
      if (done) (read ? phase->gets_us : phase->puts_us).Add(microseconds);
      if (!done) ++phase->errors;
      if (figures.attempts > 1) ++phase->again;
    }
    if (done) return;
    if (outcome_.first_error.empty()) {
      outcome_.first_error = std::string(node::CodeOf(answer.status)) + ": " + answer.message;
    }
  }

  const local::Topology& topology_;
  const BenchOptions& options_;
  const std::function<void(bool)>& measured_;
  Random random_;
  io::EventLoop loop_;
  io::Alarm phase_;
  io::Alarm pacer_;
  bool keep_contexts_;
  std::vector<Bytes> contexts_;  // of each key, when they matter
  std::unique_ptr<Client> client_;
  BenchOutcome outcome_;
  Instant begin_;
  Instant measure_from_ = kNever;
  Instant measure_to_ = kNever;
  std::uint64_t started_ = 0;
  std::size_t in_flight_ = 0;
  bool all_started_ = false;  // of an open loop, what was due before the end
  bool measuring_ = false;
  bool over_ = false;
};

}  // namespace

Result<FillOutcome> FillKeys(const local::Topology& topology, const BenchOptions& options) {
  Random random(options.seed + 1);
  std::uint64_t stored = 0;
  Pump pump(topology, {options.region, 256}, "fill");
  const auto figures =
      pump.Run(options.keys, [&](Client& client, std::size_t number, std::function<void()> done) {
        client.Put(options.space, KeyOf(number), ValueOf(options.value_bytes, random), {},
                   [&stored, done = std::move(done)](const ClientAnswer& answer, CallFigures) {
                     if (answer.status == Status::kOk) ++stored;
                     done();
                   });
      });
  if (!figures) return figures.failure();
  return FillOutcome{options.keys - stored, figures->interrupted};
}

Result<BenchOutcome> RunBench(const local::Topology& topology, const BenchOptions& options,
                              const std::function<void(bool)>& measured) {
  return BenchRun(topology, options, measured).Run();
}

}  // namespace meridian::client
