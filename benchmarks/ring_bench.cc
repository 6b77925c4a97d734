// What the loop, the ring and the client port cost, without the machines: CPU of all server
// processes per operation, at some requests in flight.
//
//     ring_bench            get: client -> node -> client, 116 bytes each way
//                           put: client -> node -> two peers -> node -> client; every node applies
//                           a batch a turn and syncs it on a committer thread before it
//                           acknowledges
//
// The three nodes are processes of their own, forked before any thread exists; the client is this
// one and is not counted. Counter server_cpu_us is what an operation costs, ops_a_turn how well it
// batches at the node that the client speaks to.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>
#include <map>
#include <string>
#include <unordered_map>

#include "io/client_port.h"
#include "io/committer.h"
#include "io/driver.h"
#include "io/zmq_ring.h"

namespace meridian::io {
namespace {

constexpr RegionId kRegion{1};
constexpr std::uint32_t kNodes = 3;
constexpr std::size_t kValueBytes = 100;

ProcessId Node(std::uint32_t number) {
  return {kRegion, Role::kNode, number};
}
std::string RingAddress(std::uint32_t number) {
  return "tcp://127.0.0.1:" + std::to_string(7840 + number);
}
std::string ClientAddress(std::uint32_t number) {
  return "tcp://127.0.0.1:" + std::to_string(7850 + number);
}

// Answers gets at once; stores puts on all nodes and answers when two hold them durably.
class QuorumMachine final : public Machine {
 public:
  explicit QuorumMachine(std::uint32_t number) : self_(Node(number)), number_(number) {}

  void Receive(Moment, Message message) override {
    if (message.body[0] == 'P') {
      Put(message.body);
      Send(message.from, "A" + message.body.substr(1, 8), Batch());
      return;
    }
    Count(message.body.substr(1, 8));
  }
  void Serve(Moment, Request request) override {
    if (request.body[0] == 'G') {
      output_.replies.push_back({request.tag, std::move(request.body), {}});
      return;
    }
    Bytes id(reinterpret_cast<const char*>(&request.tag.value), 8);
    Put(request.body);
    for (std::uint32_t peer = 1; peer <= kNodes; ++peer) {
      if (peer != number_) Send(Node(peer), "P" + id + request.body, {});
    }
    own_.push_back({Batch(), id});
    puts_[std::move(id)] = {request.tag, 0};
  }
  void Durable(Moment, BatchId up_to) override {
    std::size_t done = 0;
    while (done < own_.size() && own_[done].first <= up_to) Count(own_[done++].second);
    own_.erase(own_.begin(), own_.begin() + static_cast<std::ptrdiff_t>(done));
  }
  void Tick(Moment) override {}
  Instant NextDeadline() const override { return kNever; }
  Output TakeOutput() override {
    if (!output_.writes.writes.empty()) output_.writes.id = {++last_batch_};
    return std::exchange(output_, {});
  }

 private:
  BatchId Batch() const { return {last_batch_ + 1}; }
  void Put(const Bytes& body) {
    output_.writes.writes.push_back({Column::kData, body.substr(0, 16), body});
  }
  void Send(ProcessId to, Bytes body, BatchId after) {
    output_.messages.push_back({{self_, to, std::move(body)}, after});
  }
  void Count(const Bytes& id) {
    const auto found = puts_.find(id);
    if (found == puts_.end() || ++found->second.second < 2) return;
    output_.replies.push_back({found->second.first, "ok", {}});
    puts_.erase(found);
  }

  const ProcessId self_;
  const std::uint32_t number_;
  std::uint64_t last_batch_ = 0;
  std::vector<std::pair<BatchId, Bytes>> own_;
  std::unordered_map<Bytes, std::pair<RequestTag, int>> puts_;
  Output output_;
};

// A log file, as the WAL of a real node.
class LogFile {
 public:
  explicit LogFile(std::uint32_t number) {
    const std::string path = "/var/tmp/ring_bench." + std::to_string(number);
    file_ = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    unlink(path.c_str());
  }
  Result<Done> Apply(const WriteBatch& batch) {
    buffer_.clear();
    for (const Write& write : batch.writes) buffer_ += write.key + write.value.value_or("");
    return ::write(file_, buffer_.data(), buffer_.size()) < 0 ? Failed() : Result<Done>(Done{});
  }
  Result<Done> Sync() const { return fdatasync(file_) != 0 ? Failed() : Result<Done>(Done{}); }

 private:
  static Result<Done> Failed() { return Fail(ErrorCode::kIo, "log file"); }
  int file_ = -1;
  Bytes buffer_;
};

[[noreturn]] void RunNode(std::uint32_t number, int turns_out) {
  asio::io_context loop(1);
  zmq::context_t zmq;
  QuorumMachine machine(number);
  LogFile log(number);
  Driver* to_driver = nullptr;
  Committer committer(
      [&] { return log.Sync(); },
      [&](Result<Done> synced, BatchId up_to) { to_driver->Committed(std::move(synced), up_to); });
  Driver driver(loop, machine,
                {.self = Node(number),
                 .apply = [&](const WriteBatch& batch) { return log.Apply(batch); },
                 .commit = [&](BatchId up_to) { committer.Request(up_to); },
                 .fatal = [](const Error&) { _exit(1); }});
  to_driver = &driver;
  std::map<ProcessId, std::string> peers;
  for (std::uint32_t peer = 1; peer <= kNodes; ++peer) {
    if (peer != number) peers[Node(peer)] = RingAddress(peer);
  }
  auto ring =
      ZmqRing::Open(loop, zmq, {.self = Node(number), .bind = RingAddress(number), .peers = peers},
                    [&](Message message) { driver.Deliver(std::move(message)); });
  auto port = ClientPort::Open(loop, zmq, {.bind = ClientAddress(number)},
                               [&](Bytes request, std::function<void(Bytes)> answered) {
                                 driver.Submit(std::move(request), std::move(answered));
                               });
  if (!ring || !port) _exit(2);
  driver.UseRing(**ring);
  driver.AfterTurn([&] {
    (*port)->Flush();
    // The parent reads the last figure.
    const std::uint64_t turns = driver.counters().turns;
    pwrite(turns_out, &turns, sizeof turns, 0);
  });
  driver.Run();
  _exit(0);
}

// The nodes, as child processes.
class Servers {
 public:
  Servers() {
    char path[] = "/var/tmp/ring_bench.XXXXXX";
    turns_ = mkstemp(path);
    unlink(path);
    for (std::uint32_t number = 1; number <= kNodes; ++number) {
      const pid_t child = fork();
      if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        RunNode(number, number == 1 ? turns_ : -1);
      }
      children_[number - 1] = child;
    }
  }
  ~Servers() {
    for (const pid_t child : children_) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    close(turns_);
  }
  double CpuSeconds() const {
    double seconds = 0;
    for (const pid_t child : children_) {
      clockid_t clock{};
      timespec used{};
      if (clock_getcpuclockid(child, &clock) == 0) clock_gettime(clock, &used);
      seconds += static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
    }
    return seconds;
  }
  std::uint64_t Turns() const {
    std::uint64_t turns = 0;
    return pread(turns_, &turns, sizeof turns, 0) == sizeof turns ? turns : 0;
  }

 private:
  std::array<pid_t, kNodes> children_{};
  int turns_ = -1;
};

// A client that keeps `in_flight` requests going.
class Client {
 public:
  explicit Client(Bytes request) : request_(std::move(request)) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect(ClientAddress(1));
  }
  void Ask(std::size_t count) {
    if (count == 0) return;
    std::vector<ClientItem> items;
    for (std::size_t i = 0; i < count; ++i) items.push_back({++last_id_, request_});
    socket_.send(zmq::buffer(EncodeClientFrame(FrameKind::kRequests, {1}, items)));
  }
  std::size_t Await() {
    zmq::message_t message;
    if (!socket_.recv(message)) return 0;
    const auto frame =
        DecodeClientFrame(FrameKind::kAnswers, {message.data<char>(), message.size()});
    return frame ? frame->items.size() : 0;
  }

 private:
  zmq::context_t zmq_;
  zmq::socket_t socket_{zmq_, ZMQ_DEALER};
  Bytes request_;
  std::uint64_t last_id_ = 0;
};

void Run(benchmark::State& state, char operation) {
  const Servers servers;
  const auto in_flight = static_cast<std::size_t>(state.range(0));
  Client client(operation + Bytes(15, 'k') + Bytes(kValueBytes, 'v'));
  for (int warm = 0; warm < 200; ++warm) {
    client.Ask(1);
    client.Await();
  }
  const double cpu = servers.CpuSeconds();
  const std::uint64_t turns = servers.Turns();
  std::size_t answered = 0;
  client.Ask(in_flight);
  for (auto _ : state) {
    const std::size_t got = client.Await();
    answered += got;
    client.Ask(got);
  }
  const auto operations = static_cast<double>(answered);
  state.counters["server_cpu_us"] = (servers.CpuSeconds() - cpu) * 1e6 / operations;
  state.counters["ops_a_turn"] = operations / static_cast<double>(servers.Turns() - turns);
  state.counters["ops_a_second"] = benchmark::Counter(operations, benchmark::Counter::kIsRate);
}

void BM_Get(benchmark::State& state) {
  Run(state, 'G');
}
void BM_Put(benchmark::State& state) {
  Run(state, 'W');
}

BENCHMARK(BM_Get)->Arg(1)->Arg(64)->Iterations(20'000)->UseRealTime();
BENCHMARK(BM_Put)->Arg(1)->Iterations(1'000)->UseRealTime();
BENCHMARK(BM_Put)->Arg(64)->Iterations(3'000)->UseRealTime();

}  // namespace
}  // namespace meridian::io
