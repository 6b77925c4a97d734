// meridiand: a ring node. Wiring only: options, disk, machine, sockets.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "io/client_port.h"
#include "io/clocks.h"
#include "io/committer.h"
#include "io/hmac_signer.h"
#include "io/lasting_storage.h"
#include "io/rocksdb_storage.h"
#include "io/this_process.h"
#include "io/unsynced_env.h"
#include "node/ring_node.h"
#include "wiring/process.h"

namespace meridian::apps {
namespace {

struct Arguments {
  std::string topology;
  std::string name;
  std::string data;
  std::string secret;
  bool discard_unsynced = false;
  std::uint64_t reserve_mb = 512;
  std::uint64_t fill_mb = 100;  // a second
  std::uint64_t move_mb = 24;
  unsigned hedge_percent = 5;
  unsigned grace_ms = 1000;
  std::uint64_t hints_mb = 1024;
};

constexpr int kCannotStart = 2;

int Refuse(const std::string& what, const std::string& why) {
  std::fprintf(stderr, "meridiand: %s: %s\n", what.c_str(), why.c_str());
  return kCannotStart;
}

// The region and the node of this name; nulls when there is none.
std::pair<const local::Region*, const local::Node*> FindNode(const local::Topology& topology,
                                                             const std::string& name) {
  for (const local::Region& region : topology.regions) {
    for (const local::Node& node : region.nodes) {
      if (node.name == name) return {&region, &node};
    }
  }
  return {nullptr, nullptr};
}

void Tune(const Arguments& arguments, node::RingNodeOptions& options) {
  options.refill.bytes_per_second = arguments.fill_mb * 1'000'000;
  options.refill.bytes_per_second_gently = arguments.move_mb * 1'000'000;
  options.coordinator.hedge_percent = arguments.hedge_percent;
  options.disk_check.grace = std::chrono::milliseconds(arguments.grace_ms);
  options.hints.bytes_max = arguments.hints_mb << 20;
}

// Each may be set in the environment as well: what starts many servers sets it once for all.
void AddLimits(CLI::App& app, Arguments& arguments) {
  app.add_option("--disk-reserve-mb", arguments.reserve_mb,
                 "With less free on the disk than this, new values are refused; with less than a "
                 "quarter of it nothing is written until there is room (default 512)")
      ->check(CLI::Range(0, 1 << 20))
      ->envname("MERIDIAN_DISK_RESERVE_MB");
  app.add_option("--fill-mb-per-second", arguments.fill_mb,
                 "A disk that was lost is filled at no more than this (default 100)")
      ->check(CLI::Range(1, 10'000))
      ->envname("MERIDIAN_FILL_MB_PER_SECOND");
  app.add_option(
         "--move-mb-per-second", arguments.move_mb,
         "What this node gains by a change of the ring comes at no more than this, and more "
         "slowly while nodes are busy (default 24)")
      ->check(CLI::Range(1, 10'000))
      ->envname("MERIDIAN_MOVE_MB_PER_SECOND");
  app.add_option("--hedge-percent", arguments.hedge_percent,
                 "Of the read requests to peers, so many are sent to another one as well when the "
                 "first is slow; 0: none (default 5)")
      ->check(CLI::Range(0, 100))
      ->envname("MERIDIAN_HEDGE_PERCENT");
  app.add_option("--disk-check-grace-ms", arguments.grace_ms,
                 "At its start the node waits so long for what peers remember of its disk, while "
                 "some are silent (default 1000)")
      ->check(CLI::Range(100, 60'000))
      ->envname("MERIDIAN_DISK_CHECK_GRACE_MS");
  app.add_option("--hints-mb", arguments.hints_mb,
                 "Of writes for primaries that cannot be had this node keeps no more than this; "
                 "then it refuses to stand in (default 1024)")
      ->check(CLI::Range(1, 1 << 20))
      ->envname("MERIDIAN_HINTS_MB");
}

// Runs the node until it is told to stop; the committer ends before the disk closes.
int RunNode(const local::Topology& topology, const local::Region& region, const local::Node& node,
            const Arguments& arguments, io::LastingStorage& disk, const Signer& signer,
            std::uint64_t chance) {
  const ProcessId self = NodeProcess(region.id, node.id);
  io::ConsoleLog log(node.name);
  node::RingNodeOptions options;
  options.topology = topology;
  options.self = self;
  options.chance = chance;
  options.gauge = &disk;
  Tune(arguments, options);
  node::RingNode machine(std::move(options), disk, signer, log);

  std::unique_ptr<io::Committer> committer;
  io::Driver::Options driver;
  driver.self = self;
  driver.apply = [&](const WriteBatch& batch) { return disk.Apply(batch); };
  driver.commit = [&](BatchId up_to) { committer->Request(up_to); };
  Process process(node.name, machine, std::move(driver));
  committer = std::make_unique<io::Committer>(
      [&] { return disk.Sync(); },
      [&](Result<Done> synced, BatchId up_to) { process.driver().Committed(synced, up_to); });

  if (!process.OpenRing(machine.ring(), node.ring)) return kCannotStart;
  auto clients = io::ClientPort::Open(
      process.loop(), process.zmq(), {topology.epoch, ZmqEndpoint(node.client)},
      [&](Bytes request, std::function<void(Bytes)> answered) {
        process.driver().Submit(std::move(request), std::move(answered));
      });
  if (!clients) return Refuse("client address", clients.error().message);
  process.driver().AfterTurn([&] { (*clients)->Flush(); });
  if (!process.OpenHttp(topology, node.http, {})) return kCannotStart;

  machine.Start(io::Now());
  const int status = process.Run();
  disk.GiveUp();
  committer->Stop();
  return status;
}

int Main(const Arguments& arguments) {
  PreferLongTurns();
  const auto topology = ReadTopology(arguments.topology);
  if (!topology) return kCannotStart;
  const auto [region, node] = FindNode(*topology, arguments.name);
  if (node == nullptr) {
    return Refuse(arguments.name, "there is no such node in " + arguments.topology);
  }
  const auto signer = io::HmacSigner::FromFile(arguments.secret);
  if (!signer) return Refuse("secret", signer.error().message);
  const Result<Bytes> chance = io::SecretRandomBytes(8);
  if (!chance) return Refuse("random number", chance.error().message);
  io::UnsyncedEnv unsynced;
  io::RocksdbStorage::Options options;
  options.path = arguments.data;
  options.data_buffer_bytes = io::StaggeredBufferBytes(node->id.value);
  if (arguments.discard_unsynced) options.env = unsynced.env();
  auto disk = io::RocksdbStorage::Open(options);
  if (!disk) return Refuse("data directory", disk.error().message);
  const std::uint64_t reserve = arguments.reserve_mb << 20;
  io::LastingStorage lasting(**disk, arguments.data,
                             {.low_bytes = reserve, .none_bytes = reserve / 4});
  const int status =
      RunNode(*topology, *region, *node, arguments, lasting, **signer, HashOf(*chance));
  if (const auto closed = (*disk)->Close(); !closed && status == 0) {
    std::fprintf(stderr, "meridiand: closing the disk: %s\n", closed.error().message.c_str());
    return 1;
  }
  return status;
}

}  // namespace
}  // namespace meridian::apps

int main(int argc, char** argv) {
  CLI::App app{
      "meridiand: a node of a region's ring.\n"
      "Serves HTTP, the client library and its peers at the addresses that the topology gives it.\n"
      "SIGTERM finishes what is in flight, then stops.\n"
      "Exit status: 0 stopped as told, 1 failed while running, 2 cannot start as asked."};
  // At once, so that a variable with a wrong value does not keep it back.
  app.set_help_flag();
  app.add_flag_callback(
         "-h,--help", [] { throw CLI::CallForHelp(); }, "Print this help message and exit")
      ->trigger_on_parse();
  meridian::apps::Arguments arguments;
  app.add_option("--topology", arguments.topology, "The topology file")->required();
  app.add_option("--name", arguments.name, "This node's name in it, such as us-east-1")->required();
  app.add_option("--data", arguments.data, "Directory of this node's data; made if missing")
      ->required();
  app.add_option("--secret", arguments.secret, "File with the secret all regions share (mode 600)")
      ->required();
  meridian::apps::AddLimits(app, arguments);
  // For tests: what is not synced is lost at kill -9 (io/unsynced_env.h).
  app.add_flag("--testing-discard-unsynced", arguments.discard_unsynced)->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : meridian::apps::kCannotStart;
  }
  return meridian::apps::Main(arguments);
}
