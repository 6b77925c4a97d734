#include "wiring/process.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "io/clocks.h"
#include "io/files.h"
#include "io/loopback.h"
#include "node/topology_text.h"

namespace meridian::apps {
namespace {

constexpr Duration kDrainFor = std::chrono::seconds(10);
constexpr rlim_t kFilesWanted = 65536;
// HTTP gets this part of them; the database takes 512, the ring and the client library the rest.
constexpr std::size_t kPartForHttp = 4;

bool Say(const std::string& what, const Error& error) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), error.message.c_str());
  return false;
}

}  // namespace

std::optional<local::Topology> ReadTopology(const std::string& file) {
  const Result<Bytes> text = io::ReadFile(file);
  if (!text) {
    Say("topology", text.error());
    return std::nullopt;
  }
  auto parsed = node::ParseTopology(*text);
  if (const auto* mistakes = std::get_if<std::vector<node::TopologyMistake>>(&parsed)) {
    std::fputs(node::FormatMistakes(file, *mistakes).c_str(), stderr);
    return std::nullopt;
  }
  return std::get<local::Topology>(std::move(parsed));
}

std::string ZmqEndpoint(const local::Address& address) {
  return "tcp://" + address.host + ':' + std::to_string(address.port);
}

std::map<ProcessId, std::string> RingPeers(const local::Ring& ring) {
  std::map<ProcessId, std::string> peers;
  const RegionId here = ring.self().region;
  for (const local::Topology* topology : {&ring.topology(), ring.former_topology()}) {
    const local::Region* region = topology == nullptr ? nullptr : topology->FindRegion(here);
    if (region == nullptr) continue;
    for (const local::Node& node : region->nodes) {
      peers.emplace(NodeProcess(here, node.id), ZmqEndpoint(node.ring));
    }
    for (const local::Gateway& gateway : region->gateways) {
      peers.emplace(ProcessId{here, Role::kGateway, gateway.id}, ZmqEndpoint(gateway.ring));
    }
  }
  peers.erase(ring.self());
  return peers;
}

Process::Process(std::string name, Machine& machine, io::Driver::Options options)
    : log_(std::move(name)), signals_(loop_, SIGINT, SIGTERM) {
  options.fatal = [this](const Error& error) {
    log_.Write(Severity::kError, "stopping: " + error.message);
    status_ = 1;
    loop_.stop();
  };
  driver_ = std::make_unique<io::Driver>(loop_, machine, std::move(options));
}

// The ring, the port and the server refer to the driver in what they have under way.
Process::~Process() {
  http_.reset();
  ring_.reset();
  driver_.reset();
}

bool Process::OpenRing(const local::Ring& ring, const local::Address& bind) {
  if (const auto allowed = io::RequireLoopback(bind.host); !allowed) {
    return Say("ring address", allowed.error());
  }
  auto opened =
      io::ZmqRing::Open(loop_, zmq_, {ring.self(), ZmqEndpoint(bind), RingPeers(ring)},
                        [this](Message message) { driver_->Deliver(std::move(message)); });
  if (!opened) return Say("ring address", opened.error());
  ring_ = std::move(*opened);
  view_ = ring.view();
  driver_->UseRing(*ring_);
  driver_->AfterTurn([this, &ring] { FollowView(ring); });
  return true;
}

void Process::FollowView(const local::Ring& ring) {
  if (std::exchange(view_, ring.view()) != ring.view()) ring_->SetPeers(RingPeers(ring));
}

bool Process::OpenHttp(const local::Topology& topology, const local::Address& bind,
                       io::HttpExtras extras) {
  io::HttpOptions options;
  options.host = bind.host;
  options.port = bind.port;
  options.value_bytes_max = topology.limits.value_bytes;
  options.file_bytes_max = node::kTopologyBytesMax;
  const std::size_t files = AllowManyFiles();
  if (files / kPartForHttp < options.connections_max) {
    options.connections_max = files / kPartForHttp;
    log_.Write(Severity::kWarning,
               "only " + std::to_string(files) + " files may be open (ulimit -Hn): at most " +
                   std::to_string(options.connections_max) + " connections over HTTP");
  }
  const io::Serve serve = [this](Bytes request, std::function<void(Bytes)> answered) {
    driver_->Submit(std::move(request), std::move(answered));
  };
  http_ = std::make_unique<io::HttpServer>(loop_, options, serve, std::move(extras));
  if (const auto started = http_->Start(); !started) return Say("http address", started.error());
  return true;
}

void Process::OnSignal(int signal) {
  log_.Write(Severity::kInfo, std::string(signal == SIGTERM ? "SIGTERM" : "SIGINT") +
                                  ": finishing what is in flight");
  // An answer that the machine has given may still be on its way to the client.
  http_->Stop([this] {
    http_is_done_ = true;
    driver_->CheckDrainedSoon();
  });
  driver_->Drain(
      io::Now().monotonic + kDrainFor,
      [this](bool clean) {
        log_.Write(clean ? Severity::kInfo : Severity::kWarning,
                   clean ? "stopped" : "stopped with requests unanswered");
      },
      [this] { return http_is_done_; });
}

// Ask the kernel not to interrupt a turn for every thread that wakes: on busy cores turns then take
// more events each (docs/adr/0002-commit-pacing.md). Threads that start later inherit it.
void PreferLongTurns() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_BATCH, &none);
}

std::size_t AllowManyFiles() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kFilesWanted;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = std::max(before, std::min(limit.rlim_max, kFilesWanted));
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

int Process::Run() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (!error) OnSignal(signal);
  });
  driver_->Run();
  return status_;
}

}  // namespace meridian::apps
