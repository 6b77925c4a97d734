// A GatewayNode in the hands of a test: us-east's first gateway; nodes and other regions are
// played.
//
//     Report(1, {{KeyPartition, Seen(kA, 1, 5)}});  Report(2, ...);      two of three nodes: it is
//     ready FromGateway(At(1s), Gateway(kEu), wan::Extent{...}); Sent<wan::Batch>(last) what the
//     last turn sent

#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "node/client_api.h"
#include "node/gateway.h"
#include "support/three_regions.h"

namespace meridian::test {

class GatewayFixture : public ::testing::Test {
 protected:
  explicit GatewayFixture(std::uint32_t gateways = 1)
      : topology(ThreeRegions(3, gateways)), ring(topology, Gateway(kUs)) {
    Restart(At(0s));
  }

  // A new process, which knows nothing.
  void Restart(Moment now) {
    node::GatewayOptions options;
    options.topology = topology;
    options.self = Gateway(kUs);
    options.life = ++life;
    gateway = std::make_unique<node::GatewayNode>(std::move(options), log);
    gateway->Start(now);
    reports.clear();
    last = gateway->TakeOutput();
  }

  void FromNode(Moment now, ProcessId from, const local::RingMessage& message) {
    gateway->Receive(now, {from, Gateway(kUs), local::Pack(message)});
    last = gateway->TakeOutput();
  }
  void FromGateway(Moment now, ProcessId from, const wan::WanMessage& message) {
    gateway->Receive(now, {from, Gateway(kUs), wan::Pack(message)});
    last = gateway->TakeOutput();
  }
  void Tick(Moment now) {
    gateway->Tick(now);
    last = gateway->TakeOutput();
  }
  // A node's full report, as after a start of this process.
  void Report(Moment now, std::uint32_t node, std::vector<local::PartitionSeen> seen,
              std::vector<std::uint32_t> sharing = {1}) {
    const std::uint64_t number = ++reports[node];
    FromNode(now, Node(node), local::SeenReport{1, 0, number, std::move(sharing), std::move(seen)});
  }
  // Every node has seen this of partition 0.
  void AllReport(Moment now, const crdt::SeenVector& seen) {
    for (std::uint32_t node = 1; node <= 3; ++node) Report(now, node, {{kPartition, seen}});
  }
  // The region says that it holds this of us-east's rows.
  void Extent(Moment now, RegionId region, const crdt::SeenVector& held,
              std::vector<RegionId> origins = {kUs}) {
    wan::Extent extent{std::move(origins), {}};
    if (!held.empty()) extent.partitions = {{kPartition, held}};
    FromGateway(now, Gateway(region), extent);
  }
  crdt::RowUpdate Row(std::uint64_t sequence, Actor actor = kA) {
    return Written(KeyIn(ring, 0, static_cast<int>(sequence)), {actor, sequence});
  }

  node::ClientAnswer Ask(Moment now, node::Operation operation) {
    gateway->Serve(now, {{1}, node::EncodeRequest({operation})});
    return *node::DecodeAnswer(gateway->TakeOutput().replies.at(0).body);
  }
  nlohmann::json StatusPage(Moment now) {
    return nlohmann::json::parse(Ask(now, node::Operation::kStatus).values.at(0));
  }

  // Of one type, those to this region or process.
  template <class T>
  std::vector<T> SentTo(RegionId region) {
    std::vector<T> found;
    for (auto& [to, message] : Sent<T>(last)) {
      if (to.region == region) found.push_back(std::move(message));
    }
    return found;
  }

  static constexpr local::PartitionKey kPartition{kEverywhere, {0}};
  local::Topology topology;
  local::Ring ring;
  MemoryLog log;
  std::uint64_t life = 100;
  std::unique_ptr<node::GatewayNode> gateway;
  std::map<std::uint32_t, std::uint64_t> reports;
  Output last;
};

}  // namespace meridian::test
