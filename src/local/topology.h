// The topology: every region, rack, node, gateway, placement and namespace, at one epoch.
//
//     Topology ── regions ── nodes (rack, weight, addresses)
//         │            └──── gateways
//         ├────── placements: which regions, N in each
//         └────── namespaces: placement, type, policy, durability
//
// An immutable value. Everything in a region that must agree on "who" (preference lists, WAN
// shares) is a pure function of it. node/topology_text reads it from YAML and vouches for the
// invariants: ids and names are unique, references resolve, N is at most the region's nodes with a
// weight above 0. As bytes it travels between processes that agreed on it, and on disk.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/codec.h"
#include "base/ids.h"
#include "crdt/policy.h"

namespace meridian::local {

struct Address {
  std::string host;
  std::uint16_t port = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(host, port);
  }
};

struct Node {
  NodeId id;
  std::string name;  // unique in the system: "us-east-1"
  std::string rack;
  std::uint32_t weight = 100;  // share of partitions, relative to the other nodes of the region
  Address http;
  Address ring;    // ZeroMQ, for peers and gateways of the region
  Address client;  // ZeroMQ, for the client library

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, name, rack, weight, http, ring, client);
  }
};

struct Gateway {
  std::uint32_t id = 0;  // unique in the region
  std::string name;      // "us-east-gw-1"
  Address http;
  Address ring;  // ZeroMQ, for the nodes of the region
  Address wan;   // TCP, for gateways of other regions

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, name, http, ring, wan);
  }
};

struct Region {
  RegionId id;
  std::string name;
  std::vector<Node> nodes;        // ascending id
  std::vector<Gateway> gateways;  // ascending id

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, name, nodes, gateways);
  }
};

struct Placement {
  PlacementId id;
  std::string name;
  std::map<RegionId, std::uint32_t> replicas;  // N of each region that holds it; at least 1

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, name, replicas);
  }
};

using Policy = crdt::Policy;
enum class Durability : std::uint8_t { kSync, kOs };

struct Namespace {
  NamespaceId id;
  std::string name;
  PlacementId placement;
  Policy policy = Policy::kSiblings;
  Durability durability = Durability::kSync;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, name, placement, policy, durability);
    codec::Require(policy <= Policy::kLww, "unknown policy");
    codec::Require(durability <= Durability::kOs, "unknown durability");
  }
};

struct Limits {
  std::uint32_t key_bytes = 1024;
  std::uint32_t value_bytes = 1 << 20;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(key_bytes, value_bytes);
  }
};

struct Topology {
  Epoch epoch{1};
  unsigned partition_bits = 8;  // Q = 2^bits, fixed at creation
  Limits limits;
  std::vector<Region> regions;        // ascending id
  std::vector<Placement> placements;  // ascending id
  std::vector<Namespace> namespaces;  // ascending id

  std::uint32_t partitions() const { return 1U << partition_bits; }

  // Null when there is none of that name or id.
  const Region* FindRegion(RegionId id) const;
  const Region* FindRegion(const std::string& name) const;
  const Placement* FindPlacement(PlacementId id) const;
  const Namespace* FindNamespace(NamespaceId id) const;
  const Namespace* FindNamespace(const std::string& name) const;
  // Whether a write there is acknowledged when it is durable only; of an unknown one, it is.
  bool Syncs(NamespaceId id) const;
  // "us-east-1", "eu-west-gw-1"; "2.7" for a process that the topology does not have.
  std::string NameOf(ProcessId process) const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(epoch, partition_bits, limits, regions, placements, namespaces);
    codec::Require(partition_bits <= 16, "too many partitions");
  }
};

}  // namespace meridian::local
