#include "client/pump.h"

#include <algorithm>

#include "io/clocks.h"
#include "io/event_loop.h"

namespace meridian::client {
namespace {

constexpr Duration kShowEvery = std::chrono::milliseconds(100);

// One Run: its loop, its client and how far it is.
class PumpRun {
 public:
  PumpRun(std::size_t count, const Pump::Settings& settings, const Pump::Start& start,
          bool& give_up, const std::string& label)
      : count_(count),
        window_(std::max<std::size_t>(1, settings.window)),
        patience_(settings.patience),
        start_(start),
        give_up_(give_up),
        progress_(label, count),
        clock_(loop_.context()) {}

  Result<Done> Open(const local::Topology& topology, RegionId region) {
    ClientSettings settings;
    settings.region = region;
    settings.max_in_flight = std::max(window_, settings.max_in_flight);
    auto client = Client::Open(loop_.context(), topology, settings);
    if (!client) return client.failure();
    client_ = std::move(*client);
    return Done{};
  }

  Pump::Figures Run() {
    const Instant begin = io::Now().monotonic;
    Show();
    io::Post(loop_.context(), [this] { Fill(); });
    const bool interrupted = loop_.Run();
    const Instant end = io::Now().monotonic;
    progress_.Finish(end, done_);
    const Pump::Figures figures{client_->figures(), end - begin, interrupted, give_up_};
    give_up_ = true;  // what is in flight, if it was interrupted
    client_.reset();
    return figures;
  }

 private:
  void Fill() {
    if (!client_) return;  // interrupted: what was in flight is being given up
    if (give_up_) return loop_.Stop();
    while (next_ < count_ && next_ - done_ < window_) {
      start_(*client_, next_++, [this] {
        ++done_;
        Fill();
      });
    }
    if (done_ == count_) loop_.Stop();
  }
  void Show() {
    const Instant now = io::Now().monotonic;
    progress_.Update(now, done_);
    if (done_ != last_done_ || last_end_ == Instant{}) {
      last_done_ = done_;
      last_end_ = now;
    } else if (now - last_end_ > patience_) {
      give_up_ = true;
      return loop_.Stop();
    }
    clock_.At(now + kShowEvery, [this] { Show(); });
  }

  const std::size_t count_;
  const std::size_t window_;
  const Duration patience_;
  const Pump::Start& start_;
  bool& give_up_;
  Progress progress_;
  io::EventLoop loop_;
  io::Alarm clock_;
  std::unique_ptr<Client> client_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
  std::size_t last_done_ = 0;  // as Show saw it
  Instant last_end_;           // and when it had grown
};

}  // namespace

Pump::Pump(const local::Topology& topology, Settings settings, std::string label)
    : topology_(topology), settings_(settings), label_(std::move(label)) {}

Result<Pump::Figures> Pump::Run(std::size_t count, const Start& start) {
  give_up_ = false;
  PumpRun run(count, settings_, start, give_up_, label_);
  if (Result<Done> opened = run.Open(topology_, settings_.region); !opened) return opened.failure();
  return run.Run();
}

}  // namespace meridian::client
