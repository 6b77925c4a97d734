// The world of the tests of wan/ and node/: a small topology, times, rows, a signer and a log.
//
//     local::Topology topology = ThreeRegions();      us-east 1, eu-west 2, ap-south 3; N = 3
//     machine.Receive(At(1s), ...);
//     for (const auto& [to, batch] : Sent<wan::Batch>(machine.TakeOutput())) ...
//
// Four nodes a region, so that every partition has one node that does not hold it.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/ports.h"
#include "crdt/row_update.h"
#include "crdt/seen_vector.h"
#include "local/messages.h"
#include "local/ring.h"
#include "support/memory_disk.h"
#include "wan/messages.h"

namespace meridian::test {

using namespace std::chrono_literals;  // NOLINT: what a test of deadlines is made of

inline constexpr RegionId kUs{1}, kEu{2}, kAp{3};
inline constexpr PlacementId kEverywhere{1}, kUsOnly{2}, kEuOnly{3};

inline local::Topology ThreeRegions(std::uint32_t nodes = 4, std::uint32_t gateways = 1) {
  local::Topology topology;
  topology.partition_bits = 2;
  for (const auto& [id, name] :
       {std::pair<RegionId, std::string>{kUs, "us-east"}, {kEu, "eu-west"}, {kAp, "ap-south"}}) {
    local::Region region{id, name, {}, {}};
    for (std::uint32_t n = 1; n <= nodes; ++n) {
      region.nodes.push_back({{n}, name + "-" + std::to_string(n), "rack", 100, {}, {}, {}});
    }
    for (std::uint32_t n = 1; n <= gateways; ++n) {
      region.gateways.push_back({n, name + "-gw-" + std::to_string(n), {}, {}, {}});
    }
    topology.regions.push_back(std::move(region));
  }
  topology.placements = {{kEverywhere, "everywhere", {{kUs, 3}, {kEu, 3}, {kAp, 3}}},
                         {kUsOnly, "us-only", {{kUs, 3}}},
                         {kEuOnly, "eu-only", {{kEu, 3}}}};
  topology.namespaces = {
      {{1}, "default", kEverywhere},
      {{2}, "fast", kEverywhere, local::Policy::kSiblings, local::Durability::kOs},
      {{3}, "here", kUsOnly},
      {{4}, "there", kEuOnly}};
  return topology;
}

inline ProcessId Node(std::uint32_t number, RegionId region = kUs) {
  return NodeProcess(region, {number});
}
inline ProcessId Gateway(RegionId region, std::uint32_t number = 1) {
  return {region, Role::kGateway, number};
}

inline Moment At(Duration since) {
  return {Instant(std::chrono::hours(1)) + since, WallTime(std::chrono::hours(500'000)) + since};
}

inline constexpr Actor kA = Actor::Of(kUs, {1}, 1);
inline constexpr Actor kB = Actor::Of(kEu, {1}, 1);

inline crdt::SeenVector Seen(Actor actor, std::uint64_t first, std::uint64_t last) {
  crdt::SeenVector seen;
  seen.Add(actor, crdt::IntervalSet({first, last}));
  return seen;
}

inline crdt::RowKey Key(const std::string& key, PlacementId placement = kEverywhere,
                        NamespaceId space = {1}) {
  return {placement, space, key, {}};
}

// A key whose token lies in the partition; `n` for different ones.
inline crdt::RowKey KeyIn(const local::Ring& ring, std::uint16_t partition, int n = 0) {
  for (int i = 0;; ++i) {
    crdt::RowKey key = Key("key" + std::to_string(i));
    if (ring.PartitionOfToken(key.placement, key.token()).partition.value != partition) continue;
    if (n-- == 0) return key;
  }
}

// A row with one version.
inline crdt::RowUpdate Written(crdt::RowKey key, crdt::Dot dot, Bytes value = "value",
                               Duration at = {}) {
  crdt::RowUpdate update{std::move(key), {}, {}};
  update.row.context.Add(dot);
  update.row.versions.push_back({dot, crdt::Stamp::Of(At(at).wall), std::move(value)});
  return update;
}

// The messages of one type in what a machine, or its Turn, has put out, with where they go.
template <class T>
std::vector<std::pair<ProcessId, T>> Sent(const Output& output) {
  std::vector<std::pair<ProcessId, T>> found;
  const auto take = [&](const auto& unpacked, ProcessId to) {
    if (!unpacked) return;
    if (const T* message = std::get_if<T>(&*unpacked)) found.emplace_back(to, *message);
  };
  for (const Outgoing& outgoing : output.messages) {
    if constexpr (requires { local::RingMessage(std::declval<T>()); }) {
      take(local::UnpackRingMessage(outgoing.message.body), outgoing.message.to);
    } else {
      take(wan::UnpackWanMessage(outgoing.message.body), outgoing.message.to);
    }
  }
  return found;
}

struct PlainSigner final : Signer {
  std::uint64_t Sign(ByteView bytes) const override { return HashOf(bytes, 42); }
};

struct MemoryLog final : Log {
  void Write(Severity, std::string line) override { lines.push_back(std::move(line)); }
  std::vector<std::string> lines;
};

}  // namespace meridian::test
