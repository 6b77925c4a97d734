// The names of things: each kind of identity is a type of its own, so they cannot be mixed up.
//
//     RegionId 2, NodeId 1         node eu-west-1, as numbered in the topology file
//     Actor (2, 1, incarnation 7)  that node's seventh start: who mints dots
//     ProcessId (2, kNode, 1)      where messages go
//
// Numbers come from the topology file and are never reused there.

#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace meridian {

// A number with a meaning. Tag is never defined.
template <class Tag, class Number>
struct Id {
  Number value = 0;

  friend auto operator<=>(const Id&, const Id&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
};

using RegionId = Id<struct RegionTag, std::uint16_t>;        // 1 .. 1023
using NodeId = Id<struct NodeTag, std::uint32_t>;            // 1 .. 2^22 - 1, unique in its region
using PlacementId = Id<struct PlacementTag, std::uint16_t>;  // 1 .. 65535
using NamespaceId = Id<struct NamespaceTag, std::uint16_t>;  // 1 .. 65535
using PartitionId = Id<struct PartitionTag, std::uint16_t>;  // 0 .. Q - 1
using Token = Id<struct TokenTag, std::uint64_t>;            // a point of the token space
using Epoch = Id<struct EpochTag, std::uint64_t>;            // number of the topology, from 1
using BatchId =
    Id<struct BatchTag, std::uint64_t>;  // write batches of one process, from 1; 0: none

// Who mints dots: one start of one node. Packed so that it orders and encodes as one integer.
struct Actor {
  std::uint64_t packed = 0;  // region : 10 bits | node : 22 bits | incarnation : 32 bits

  static constexpr Actor Of(RegionId region, NodeId node, std::uint32_t incarnation) {
    return {(std::uint64_t{region.value} << 54) | (std::uint64_t{node.value} << 32) | incarnation};
  }
  constexpr RegionId region() const { return {static_cast<std::uint16_t>(packed >> 54)}; }
  constexpr NodeId node() const { return {static_cast<std::uint32_t>((packed >> 32) & 0x3fffff)}; }
  constexpr std::uint32_t incarnation() const { return static_cast<std::uint32_t>(packed); }

  friend auto operator<=>(const Actor&, const Actor&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(packed);
  }
};

enum class Role : std::uint8_t { kNode = 0, kGateway = 1 };

// A process of the system, as an address for messages.
struct ProcessId {
  RegionId region;
  Role role = Role::kNode;
  std::uint32_t number = 0;  // NodeId of a node; gateways are numbered apart, from 1

  friend auto operator<=>(const ProcessId&, const ProcessId&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(region, role, number);
  }
};

inline ProcessId NodeProcess(RegionId region, NodeId node) {
  return {region, Role::kNode, node.value};
}

// "2.1" for a node, "2.gw1" for a gateway; for logs and traces. People read names from the
// topology.
inline std::string ToString(ProcessId process) {
  return std::to_string(process.region.value) + (process.role == Role::kGateway ? ".gw" : ".") +
         std::to_string(process.number);
}

// "2.1#7": region, node, incarnation.
inline std::string ToString(Actor actor) {
  return std::to_string(actor.region().value) + '.' + std::to_string(actor.node().value) + '#' +
         std::to_string(actor.incarnation());
}

}  // namespace meridian
