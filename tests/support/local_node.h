// A node of a small system without its machine: ring, disk, turn and replica, driven by hand.
//
//     LocalNode node(1);                    node 1 of region 1, started, its first batch durable
//     node.replica.Apply(...);
//     Output output = node.End();           the turn's writes reach the disk, not yet durable
//     node.Sync();                          now they are
//
// Regions 1 and 2, three nodes each unless told otherwise, N = 3. Namespaces: kPlain (siblings),
// kLast (lww), kFast (durability os), kHome (a placement of region 1 only).

#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "local/hint_store.h"
#include "local/liveness.h"
#include "local/messages.h"
#include "local/replica.h"
#include "local/view.h"
#include "support/memory_disk.h"

namespace meridian::local {

inline constexpr NamespaceId kPlain{1}, kLast{2}, kFast{3}, kHome{4};

inline Topology SmallTopology(std::uint32_t nodes = 3) {
  Topology topology;
  topology.partition_bits = 2;
  for (std::uint16_t number = 1; number <= 2; ++number) {
    Region region;
    region.id = {number};
    region.name = "r" + std::to_string(number);
    for (std::uint32_t id = 1; id <= nodes; ++id) {
      Node node;
      node.id = {id};
      node.name = region.name + '-' + std::to_string(id);
      region.nodes.push_back(std::move(node));
    }
    topology.regions.push_back(std::move(region));
  }
  topology.placements = {{{1}, "everywhere", {{RegionId{1}, 3}, {RegionId{2}, 3}}},
                         {{2}, "home", {{RegionId{1}, 3}}}};
  topology.namespaces = {{kPlain, "plain", {1}, Policy::kSiblings, Durability::kSync},
                         {kLast, "last", {1}, Policy::kLww, Durability::kSync},
                         {kFast, "fast", {1}, Policy::kSiblings, Durability::kOs},
                         {kHome, "home", {2}, Policy::kSiblings, Durability::kSync}};
  return topology;
}

// What follows `former` when its topology becomes this one.
inline Layout LayoutAfter(const View& former, Topology topology, std::uint64_t epoch = 2) {
  Layout next;
  next.topology = std::move(topology);
  next.topology.epoch = {epoch};
  for (const Region& region : next.topology.regions) {
    next.tables.emplace(region.id, PartitionTable::Build(next.topology, region.id,
                                                         &former.layout.tables.at(region.id)));
  }
  return next;
}

inline crdt::RowKey KeyOf(const Bytes& key, NamespaceId space = kPlain) {
  return {{space == kHome ? std::uint16_t{2} : std::uint16_t{1}}, space, key, {}};
}

inline const crdt::RowKey kMilk = KeyOf("milk");

inline Moment At(std::int64_t milliseconds) {
  const Duration since = std::chrono::milliseconds(milliseconds);
  return {Instant(since), WallTime(std::chrono::hours(400'000) + since)};
}

inline ProcessId NodeOf(std::uint32_t number) {
  return {{1}, Role::kNode, number};
}
inline ProcessId GatewayOf(std::uint32_t number) {
  return {{1}, Role::kGateway, number};
}

// Actors of region 2, so that no node of region 1 mints their dots too.
inline constexpr Actor kA = Actor::Of({2}, {1}, 1);
inline constexpr Actor kB = Actor::Of({2}, {2}, 5);

struct LocalNode {
  explicit LocalNode(std::uint32_t number, MemoryDisk from = {}, std::uint32_t nodes = 3)
      : LocalNode(number, std::move(from), SmallTopology(nodes)) {}
  LocalNode(std::uint32_t number, MemoryDisk from, Topology topology)
      : ring(std::move(topology), NodeOf(number)),
        disk(std::move(from)),
        turn(ring.self(), disk),
        replica(ring, turn) {
    replica.Start();
    replica.minter().Begin({}, 0, 0);
    hints.Load();
    Sync();
  }
  LocalNode(const LocalNode&) = delete;
  LocalNode& operator=(const LocalNode&) = delete;

  // Ends the turn: its writes can be read and are not durable.
  Output End() {
    Output output = turn.Take();
    disk.Apply(output.writes);
    if (output.writes.id.value != 0) written = output.writes.id;
    return output;
  }
  // Ends the turn, and all that was ever written is durable.
  Output Sync() {
    Output output = End();
    turn.MarkDurable(written);
    return output;
  }

  PartitionKey PartitionOf(const crdt::RowKey& key) const {
    return ring.PartitionOfToken(key.placement, key.token());
  }
  const crdt::SeenVector& Seen(const crdt::RowKey& key) const {
    return replica.log().Seen(PartitionOf(key));
  }
  crdt::Row Read(const crdt::RowKey& key) { return replica.Read(key, key.token()); }

  Ring ring;
  MemoryDisk disk;
  Turn turn;
  Replica replica;
  HintStore hints{ring, turn, {}};
  Liveness liveness;
  BatchId written;
};

// The row after one more write of it; stamps follow the sequence.
inline crdt::Row Written(const crdt::Row& row, crdt::Dot dot, const Bytes& value,
                         crdt::Context read = {}, Policy policy = Policy::kSiblings) {
  return crdt::Updated(row, {dot, {dot.sequence << 16}, value, std::move(read), {}}, policy);
}

inline std::vector<Bytes> ValuesOf(const crdt::Row& row) {
  std::vector<Bytes> values;
  for (const crdt::Version& version : row.versions) {
    values.push_back(version.value.value_or("(deleted)"));
  }
  std::ranges::sort(values);
  return values;
}

// `count` keys of one partition of the placement of kPlain.
inline std::vector<crdt::RowKey> KeysOfOnePartition(const Ring& ring, std::size_t count) {
  std::vector<crdt::RowKey> keys;
  for (int i = 0; keys.size() < count; ++i) {
    const crdt::RowKey key = KeyOf("key" + std::to_string(i));
    if (ring.PartitionOfToken(key.placement, key.token()).partition == PartitionId{2}) {
      keys.push_back(key);
    }
  }
  return keys;
}

// The messages of one type in an output, in order.
template <class T>
struct Sent {
  ProcessId to;
  T message;
  BatchId after;
};
template <class T>
std::vector<Sent<T>> SentOf(const Output& output) {
  std::vector<Sent<T>> sent;
  for (const Outgoing& outgoing : output.messages) {
    Result<RingMessage> message = UnpackRingMessage(outgoing.message.body);
    MERIDIAN_CHECK(message.has_value());
    if (T* found = std::get_if<T>(&*message)) {
      sent.push_back({outgoing.message.to, std::move(*found), outgoing.after});
    }
  }
  return sent;
}

template <class T>
std::vector<std::uint32_t> NumbersOf(const std::vector<Sent<T>>& sent) {
  std::vector<std::uint32_t> numbers;
  for (const auto& one : sent) numbers.push_back(one.to.number);
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace meridian::local
