// Three replicas of a region with their audits and nothing else; messages arrive at once.
//
//     AuditedRing ring;
//     ring.ApplyAll({key, row, {}});
//     ring.Rot(2, key, row2);              on node 2's disk, behind its back
//     ring.Audit(1, true);                 node 1 audits, after reading every row
//     ring.node(2).audit.peer().counters().repairs ...
//
// `bytes` and `messages` count what was sent. A node that is in `silent` gets and says nothing.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <type_traits>

#include "local/audit.h"
#include "support/local_node.h"

namespace meridian::local {

struct AuditedNode {
  AuditedNode(std::uint32_t number, MemoryDisk disk)
      : local(number, std::move(disk)), audit(local.ring, local.turn, local.replica, {}) {
    audit.Start(At(0));
  }
  void Receive(Moment now, NodeId from, RingMessage message) {
    std::visit(
        [&](auto& body) {
          using T = std::decay_t<decltype(body)>;
          if constexpr (std::is_same_v<T, AuditRoots>) audit.OnRoots(now, from, body);
          if constexpr (std::is_same_v<T, AuditBranches>) audit.OnBranches(now, from, body);
          if constexpr (std::is_same_v<T, AuditLeaves>) audit.peer().OnLeaves(from, body);
          if constexpr (std::is_same_v<T, AuditDiffering>) audit.OnDiffering(now, from, body);
          if constexpr (std::is_same_v<T, AuditList>) audit.peer().OnList(from, body);
          if constexpr (std::is_same_v<T, AuditRows>) audit.OnRows(now, from, std::move(body));
          if constexpr (std::is_same_v<T, AuditMend>) audit.peer().OnMend(body);
          if constexpr (std::is_same_v<T, AuditRestore>) audit.peer().OnRestore(from, body);
        },
        message);
  }

  LocalNode local;
  class Audit audit;
};

class AuditedRing {
 public:
  AuditedRing() {
    for (std::uint32_t number = 1; number <= 3; ++number) Restart(number);
  }
  // A new process over what the node's disk holds.
  void Restart(std::uint32_t number) {
    auto& node = nodes_[number];
    MemoryDisk disk = node ? node->local.disk : MemoryDisk();
    node = std::make_unique<AuditedNode>(number, std::move(disk));
  }
  AuditedNode& node(std::uint32_t number) { return *nodes_.at(number); }

  void Apply(std::uint32_t number, const crdt::RowUpdate& update) {
    node(number).local.replica.Apply(update);
    node(number).local.Sync();
  }
  void ApplyAll(const crdt::RowUpdate& update) {
    for (const auto& [number, node] : nodes_) Apply(number, update);
  }
  // No row: it vanishes. Decoded rows in the node's cache go with a Restart.
  void Rot(std::uint32_t number, const crdt::RowKey& key, std::optional<Bytes> row) {
    node(number).local.disk.Apply({{}, {{Column::kData, crdt::StorageKey(key), std::move(row)}}});
  }
  std::optional<Bytes> Stored(std::uint32_t number, const crdt::RowKey& key) {
    return *node(number).local.disk.Get(Column::kData, crdt::StorageKey(key));
  }

  void RunFor(std::int64_t milliseconds) {
    for (const std::int64_t until = now_ + milliseconds; now_ < until; now_ += 50) {
      for (const auto& [number, node] : nodes_) node->audit.Tick(At(now_));
      Deliver();
    }
  }
  void Audit(std::uint32_t number, bool rebuild) {
    node(number).audit.Begin(At(now_), rebuild);
    RunFor(10'000);
  }
  std::uint64_t Found(AuditCause cause) const {
    std::uint64_t found = 0;
    for (const auto& [number, node] : nodes_) {
      found += node->audit.Figures().findings[static_cast<std::size_t>(cause)];
    }
    return found;
  }
  std::uint64_t FoundInAll() const {
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < kAuditCauses; ++i) found += Found(static_cast<AuditCause>(i));
    return found;
  }
  std::uint64_t Mended(std::uint32_t number, AuditCause cause) {
    return node(number).audit.peer().counters().repairs[static_cast<std::size_t>(cause)];
  }

  std::size_t bytes = 0;
  std::size_t messages = 0;
  std::set<std::uint32_t> silent;

 private:
  void Deliver() {
    for (bool any = true; any;) {
      any = false;
      for (const auto& [number, node] : nodes_) {
        for (const Outgoing& outgoing : node->local.Sync().messages) {
          if (silent.contains(number) || silent.contains(outgoing.message.to.number)) continue;
          any = true;
          ++messages;
          bytes += outgoing.message.body.size();
          nodes_.at(outgoing.message.to.number)
              ->Receive(At(now_), {number}, UnpackRingMessage(outgoing.message.body).value());
        }
      }
    }
  }

  std::map<std::uint32_t, std::unique_ptr<AuditedNode>> nodes_;
  std::int64_t now_ = 0;
};

}  // namespace meridian::local
