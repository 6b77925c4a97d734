// meridian-gateway: the WAN gateway of a region. Wiring only: options, machine, sockets.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/clocks.h"
#include "io/this_process.h"
#include "io/wan_link.h"
#include "node/gateway.h"
#include "wiring/process.h"

namespace meridian::apps {
namespace {

struct Arguments {
  std::string topology;
  std::string name;
  std::string secret;
  std::vector<std::string> dial;
};

constexpr int kCannotStart = 2;

int Refuse(const std::string& what, const std::string& why) {
  std::fprintf(stderr, "meridian-gateway: %s: %s\n", what.c_str(), why.c_str());
  return kCannotStart;
}

std::pair<const local::Region*, const local::Gateway*> FindGateway(const local::Topology& topology,
                                                                   const std::string& name) {
  for (const local::Region& region : topology.regions) {
    for (const local::Gateway& gateway : region.gateways) {
      if (gateway.name == name) return {&region, &gateway};
    }
  }
  return {nullptr, nullptr};
}

using Endpoints = std::map<ProcessId, io::Endpoint>;

Endpoints RemoteGateways(const local::Topology& topology, RegionId own) {
  Endpoints endpoints;
  for (const local::Region& region : topology.regions) {
    if (region.id == own) continue;
    for (const local::Gateway& gateway : region.gateways) {
      endpoints[{region.id, Role::kGateway, gateway.id}] = {gateway.wan.host, gateway.wan.port};
    }
  }
  return endpoints;
}

// "eu-west-gw-1=127.0.0.1:7401": dial that gateway there instead of where the topology says.
bool Override(const local::Topology& topology, const std::string& text, Endpoints& endpoints) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.rfind(':');
  if (equals == std::string::npos || colon == std::string::npos || colon < equals) return false;
  const auto [region, gateway] = FindGateway(topology, text.substr(0, equals));
  if (gateway == nullptr) return false;
  const auto at = endpoints.find({region->id, Role::kGateway, gateway->id});
  const std::string port = text.substr(colon + 1);
  if (at == endpoints.end() || port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string::npos) {
    return false;
  }
  const unsigned long number = std::stoul(port);
  if (number == 0 || number > 65535) return false;
  at->second = {text.substr(equals + 1, colon - equals - 1), static_cast<std::uint16_t>(number)};
  return true;
}

// The links' figures, for /status: what only the sockets know.
std::string LinksJson(const local::Topology& topology, const io::WanLink& wan) {
  nlohmann::json links = nlohmann::json::array();
  for (const io::LinkFigures& link : wan.Figures()) {
    links.push_back({{"peer", topology.NameOf(link.peer)},
                     {"region", topology.FindRegion(link.peer.region)->name},
                     {"connected", link.connected},
                     {"reconnects", link.reconnects},
                     {"bytes_sent", link.bytes_sent},
                     {"plain_bytes_sent", link.plain_bytes_sent},
                     {"messages_sent", link.messages_sent},
                     {"drops", link.drops},
                     {"queued_bytes", link.queued_bytes},
                     {"bytes_received", link.bytes_received},
                     {"plain_bytes_received", link.plain_bytes_received},
                     {"messages_received", link.messages_received},
                     {"corrupt", link.corrupt}});
  }
  return nlohmann::json{{"links", links}}.dump();
}

node::MetricSet LinkMetrics(const local::Topology& topology, const io::WanLink& wan) {
  node::MetricSet set;
  for (const io::LinkFigures& link : wan.Figures()) {
    const std::map<std::string, std::string> labels{{"peer", topology.NameOf(link.peer)}};
    const auto add = [&](node::MetricKind kind, const char* name, const char* help, auto value) {
      set.metrics.push_back({kind, std::string("meridian_link_") + name, help, labels,
                             static_cast<std::int64_t>(value)});
    };
    const auto counter = node::MetricKind::kCounter;
    add(node::MetricKind::kGauge, "connected", "1 when our connection stands.", link.connected);
    add(counter, "reconnects_total", "Connections after the first.", link.reconnects);
    add(counter, "sent_bytes_total", "TCP payload sent.", link.bytes_sent);
    add(counter, "sent_plain_bytes_total", "The same before compression.", link.plain_bytes_sent);
    add(counter, "received_bytes_total", "TCP payload received.", link.bytes_received);
    add(counter, "dropped_messages_total", "Messages never sent.", link.drops);
  }
  return set;
}

int RunGateway(const local::Topology& topology, const local::Region& region,
               const local::Gateway& gateway, Endpoints dial, Random random) {
  const ProcessId self{region.id, Role::kGateway, gateway.id};
  io::ConsoleLog log(gateway.name);
  node::GatewayOptions options;
  options.topology = topology;
  options.self = self;
  options.life = random.Next() | 1;
  node::GatewayNode machine(std::move(options), log);

  io::Driver::Options driver;
  driver.self = self;
  Process process(gateway.name, machine, std::move(driver));
  io::WanLink::Options link;
  link.self = self;
  link.epoch = topology.epoch;
  link.listen = {gateway.wan.host, gateway.wan.port};
  link.peers = std::move(dial);
  io::WanLink wan(
      process.loop(), std::move(link),
      [&](Message message) { process.driver().Deliver(std::move(message)); }, random.Fork(), log);
  process.driver().UseWan(wan);
  if (const auto started = wan.Start(); !started) {
    return Refuse("wan address", started.error().message);
  }
  if (!process.OpenRing(machine.ring(), gateway.ring)) return kCannotStart;
  io::HttpExtras extras;
  extras.status = [&] { return LinksJson(topology, wan); };
  extras.metrics = [&] { return LinkMetrics(topology, wan); };
  if (!process.OpenHttp(topology, gateway.http, std::move(extras))) return kCannotStart;
  machine.Start(io::Now());
  return process.Run();
}

int Main(const Arguments& arguments) {
  PreferLongTurns();
  const auto topology = ReadTopology(arguments.topology);
  if (!topology) return kCannotStart;
  const auto [region, gateway] = FindGateway(*topology, arguments.name);
  if (gateway == nullptr) {
    return Refuse(arguments.name, "there is no such gateway in " + arguments.topology);
  }
  Endpoints dial = RemoteGateways(*topology, region->id);
  for (const std::string& text : arguments.dial) {
    if (!Override(*topology, text, dial)) {
      return Refuse("--dial " + text, "give GATEWAY=HOST:PORT with a gateway of another region");
    }
  }
  const Result<Bytes> seed = io::SecretRandomBytes(8);
  if (!seed) return Refuse("random seed", seed.error().message);
  return RunGateway(*topology, *region, *gateway, std::move(dial), Random(HashOf(*seed)));
}

}  // namespace
}  // namespace meridian::apps

int main(int argc, char** argv) {
  CLI::App app{
      "meridian-gateway: carries mutations between a region and the others.\n"
      "Keeps nothing: it may be killed at any moment and goes on where the regions say they are.\n"
      "Exit status: 0 stopped as told, 1 failed while running, 2 cannot start as asked."};
  meridian::apps::Arguments arguments;
  app.add_option("--topology", arguments.topology, "The topology file")->required();
  app.add_option("--name", arguments.name, "This gateway's name in it, such as us-east-gw-1")
      ->required();
  app.add_option("--secret", arguments.secret,
                 "Accepted for symmetry with meridiand; not used yet");
  app.add_option("--dial", arguments.dial,
                 "GATEWAY=HOST:PORT: dial that gateway there instead of where the topology says");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : meridian::apps::kCannotStart;
  }
  return meridian::apps::Main(arguments);
}
