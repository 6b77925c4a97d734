// Nodes of region 1 between two layouts, without machines: from three nodes to four.
//
//     MovingNodes nodes;                  1 to 3 hold rows, 4 is to be filled
//     nodes.at(2).Settle(...)             its turn ends, what it wrote is durable
//     nodes.Run();                        messages are delivered until none is under way
//     nodes.Adopt(NextStep(nodes.view));  all go on

#pragma once

#include <deque>
#include <map>
#include <memory>

#include "local/fill_source.h"
#include "local/filling.h"
#include "local/handing_on.h"
#include "support/local_node.h"

namespace meridian::local {

struct MovingNodes {
  struct Member {
    explicit Member(std::uint32_t number)
        : node(number, {}, SmallTopology(3)),
          source(node.ring, node.turn, node.replica, 16 << 10),
          refill(node.ring, node.turn, node.replica, {}),
          filling(node.ring, node.turn, node.replica, refill, {}),
          handing_on(node.ring, node.turn, node.replica, {}) {
      filling.Start(FirstIdOf(node.replica.actor()));
    }

    LocalNode node;
    FillSource source;
    Refill refill;
    Filling filling;
    HandingOn handing_on;
    bool up = true;
  };

  MovingNodes() {
    const View first = FirstView(SmallTopology(3), "");
    view = *ViewForLayout(first, {1}, LayoutAfter(first, SmallTopology(4)));
    for (std::uint32_t number = 1; number <= 4; ++number) {
      members[number] = std::make_unique<Member>(number);
    }
  }

  Member& at(std::uint32_t number) { return *members.at(number); }

  // The same rows on all three that are primaries of the first view.
  void Write(int rows) {
    for (int i = 0; i < rows; ++i) {
      const auto sequence = static_cast<std::uint64_t>(i + 1);
      const crdt::RowUpdate update{
          KeyOf("key" + std::to_string(i)), Written({}, {kA, sequence}, "value"), {}};
      for (std::uint32_t number = 1; number <= 3; ++number) at(number).node.replica.Apply(update);
    }
    for (std::uint32_t number = 1; number <= 3; ++number) at(number).node.Sync();
  }
  void Adopt(const View& next) {
    view = next;
    for (auto& [number, member] : members) {
      member->node.ring.Adopt(view);
      member->handing_on.FollowView(now);
      member->filling.Follow(now);
      Settle(number);
    }
  }
  void Settle(std::uint32_t number) {
    at(number).filling.TakeFilled(now);
    for (Outgoing& outgoing : at(number).node.Sync().messages) {
      letters.push_back(std::move(outgoing.message));
    }
  }
  void Deliver(const Message& letter) {
    Member& to = at(letter.to.number);
    if (!to.up) return;
    const NodeId from{letter.from.number};
    auto message = *UnpackRingMessage(letter.body);
    if (auto* ask = std::get_if<FillAsk>(&message)) {
      to.source.OnAsk(letter.from, *ask, !to.node.replica.log().IsFilling(ask->key));
    }
    if (auto* rows = std::get_if<FillRows>(&message)) to.refill.OnRows(now, from, *rows);
    if (auto* ask = std::get_if<SumAsk>(&message)) to.filling.OnSumAsk(from, *ask, true);
    if (auto* sum = std::get_if<Sum>(&message)) to.filling.OnSum(now, *sum);
    if (auto* ask = std::get_if<HandOn>(&message)) to.handing_on.OnHandOn(from, *ask);
    if (auto* held = std::get_if<HeldHere>(&message)) to.handing_on.OnHeldHere(from, *held);
    Settle(letter.to.number);
  }
  void Run() {
    while (!letters.empty()) {
      const Message letter = letters.front();
      letters.pop_front();
      Deliver(letter);
    }
  }
  void Pass(Duration time) {
    now.monotonic += time;
    for (auto& [number, member] : members) {
      if (!member->up) continue;
      member->refill.Tick(now);
      member->filling.Tick(now);
      member->handing_on.Tick(now);
      Settle(number);
    }
    Run();
  }

  Moment now = At(1000);
  View view;
  std::map<std::uint32_t, std::unique_ptr<Member>> members;
  std::deque<Message> letters;
};

}  // namespace meridian::local
