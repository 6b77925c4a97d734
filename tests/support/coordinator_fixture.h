// A coordinator of node 1 of three in the hands of a test: orders in, messages and outcomes out.
//
//     coordinator_.Put(At(0), PutOf("milk"));         W = 2 unless told otherwise
//     ... SentOf<Replicate>(node_.End()) ...          what went to the other two
//     Ack(2, id);  Sync();  TakeOutcome();
//
// At most three siblings and four orders in flight.

#pragma once

#include <gtest/gtest.h>

#include "local/coordinator.h"
#include "support/local_node.h"

namespace meridian::local {

inline constexpr Duration kTimeout = std::chrono::milliseconds(2000);

class CoordinatorFixture : public testing::Test {
 protected:
  explicit CoordinatorFixture(Topology topology = SmallTopology())
      : node_(1, {}, std::move(topology)) {}

  static CoordinatorOptions FewSiblings() {
    CoordinatorOptions options;
    options.siblings_max = 3;
    options.in_flight_max = 4;
    return options;
  }
  PutOrder PutOf(std::optional<Bytes> value, std::optional<crdt::ContextToken> read = {},
                 std::size_t w = 2, const crdt::RowKey& key = kMilk) {
    return {{++last_ticket_}, key, std::move(value), std::move(read), w, kTimeout};
  }
  GetOrder GetOf(std::size_t r = 2, const crdt::RowKey& key = kMilk) {
    return {{++last_ticket_}, key, r, kTimeout};
  }
  // A put that is answered and durable at once; its outcome.
  Outcome PutNow(std::optional<Bytes> value, std::optional<crdt::ContextToken> read = {},
                 const crdt::RowKey& key = kMilk) {
    coordinator_.Put(At(0), PutOf(std::move(value), std::move(read), 1, key));
    Sync();
    return TakeOutcome();
  }
  Output Sync() {
    Output output = node_.Sync();
    coordinator_.OnDurable(At(0), node_.written);
    return output;
  }
  Outcome TakeOutcome() {
    std::vector<Outcome> outcomes = coordinator_.TakeOutcomes();
    EXPECT_EQ(outcomes.size(), 1U);
    return outcomes.empty() ? Outcome{} : std::move(outcomes[0]);
  }
  bool Undecided() { return coordinator_.TakeOutcomes().empty(); }
  void Ack(std::uint32_t from, std::uint64_t id) { coordinator_.OnReplicateAck({from}, id); }
  Output TickAt(std::int64_t milliseconds) {
    coordinator_.Tick(At(milliseconds));
    return node_.End();
  }
  // A key that node 1 is, or is not, a primary of; and the others of its list, in order.
  crdt::RowKey KeyThat(bool is_mine) {
    for (int i = 0;; ++i) {
      const crdt::RowKey key = KeyOf("key" + std::to_string(i));
      if (node_.ring.IsMine(node_.PartitionOf(key)) == is_mine) return key;
    }
  }
  std::vector<NodeId> OthersOf(const crdt::RowKey& key, bool primaries) {
    const PreferenceList* list = node_.ring.ListOf(node_.PartitionOf(key));
    std::vector<NodeId> others = list->nodes;
    std::erase_if(others, [&](NodeId node) {
      return node == NodeId{1} || list->IsPrimary(node) != primaries;
    });
    return others;
  }
  void Down(const std::vector<NodeId>& nodes) {
    for (const NodeId node : nodes) node_.liveness.Set(node, PeerState::kDown);
  }
  static crdt::ContextToken TokenOf(const crdt::Row& row) {
    return {row.context, row.MaxStamp(), std::nullopt};
  }

  LocalNode node_;
  Coordinator coordinator_{node_.ring,  node_.turn,     node_.replica,
                           node_.hints, node_.liveness, FewSiblings()};
  std::uint64_t last_ticket_ = 0;
};

}  // namespace meridian::local
