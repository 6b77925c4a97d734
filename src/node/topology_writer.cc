#include "node/topology_writer.h"

namespace meridian::node {
namespace {

template <class Number>
std::string Text(Number number) {
  return std::to_string(number);
}

// Hands out ports for addresses that have none.
class Ports {
 public:
  std::string Of(const local::Address& address) {
    return Text(address.port != 0 ? address.port : ++spare_);
  }

 private:
  std::uint16_t spare_ = 1024;
};

std::string HostOf(const local::Address& address) {
  return address.host.empty() ? "127.0.0.1" : address.host;
}

std::string RegionText(const local::Region& region, Ports& ports) {
  std::string text = "  " + region.name + ":\n    id: " + Text(region.id.value) + "\n    nodes:\n";
  for (const local::Node& node : region.nodes) {
    text += "      " + node.name + ": {id: " + Text(node.id.value) +
            ", rack: " + (node.rack.empty() ? "r" : node.rack) + ", weight: " + Text(node.weight) +
            ", host: " + HostOf(node.http) + ", http: " + ports.Of(node.http);
    text += ", ring: " + ports.Of(node.ring) + ", client: " + ports.Of(node.client) + "}\n";
  }
  if (!region.gateways.empty()) text += "    gateways:\n";
  for (const local::Gateway& gateway : region.gateways) {
    text += "      " + gateway.name + ": {id: " + Text(gateway.id) +
            ", host: " + HostOf(gateway.http) + ", http: " + ports.Of(gateway.http);
    text += ", ring: " + ports.Of(gateway.ring) + ", wan: " + ports.Of(gateway.wan) + "}\n";
  }
  return text;
}

std::string PlacementText(const local::Topology& topology, const local::Placement& placement) {
  std::string replicas;
  for (const auto& [region, copies] : placement.replicas) {
    replicas +=
        (replicas.empty() ? "" : ", ") + topology.FindRegion(region)->name + ": " + Text(copies);
  }
  return "  " + placement.name + ": {id: " + Text(placement.id.value) + ", replicas: {" + replicas +
         "}}\n";
}

std::string NamespaceText(const local::Topology& topology, const local::Namespace& space) {
  return "  " + space.name + ": {id: " + Text(space.id.value) +
         ", placement: " + topology.FindPlacement(space.placement)->name +
         ", type: register, policy: " + (space.policy == local::Policy::kLww ? "lww" : "siblings") +
         ", durability: " + (space.durability == local::Durability::kOs ? "os" : "sync") + "}\n";
}

}  // namespace

std::string WriteTopology(const local::Topology& topology) {
  std::string text = "epoch: " + Text(topology.epoch.value) +
                     "\npartitions: " + Text(topology.partitions()) + "\nregions:\n";
  Ports ports;
  for (const local::Region& region : topology.regions) text += RegionText(region, ports);
  text += "placements:\n";
  for (const local::Placement& placement : topology.placements) {
    text += PlacementText(topology, placement);
  }
  text += "namespaces:\n";
  for (const local::Namespace& space : topology.namespaces) text += NamespaceText(topology, space);
  return text + "limits: {key_bytes: " + Text(topology.limits.key_bytes) +
         ", value_bytes: " + Text(topology.limits.value_bytes) + "}\n";
}

}  // namespace meridian::node
