// Runs client requests, as a primary or standing in for the primaries: one door to puts and gets.
//
//     Put(order) ──> PutCoordinator ──┐
//                                     ├──> TakeOutcomes()
//     Get(order) ──> GetCoordinator ──┘
//
// Refuses what exceeds the bounds on operations in flight and their bytes, both kinds together.

#pragma once

#include <algorithm>
#include <vector>

#include "local/get_coordinator.h"
#include "local/put_coordinator.h"

namespace meridian::local {

class Coordinator {
 public:
  // All outlive this.
  Coordinator(const Ring& ring, Turn& turn, Replica& replica, HintStore& hints,
              const Liveness& liveness, CoordinatorOptions options)
      : replica_(replica),
        options_(options),
        puts_(ring, turn, replica, hints, liveness, options),
        gets_(ring, turn, replica, hints, liveness, options) {}

  // Once the replica has started.
  void Start();
  // False until this start's incarnation is durable; until then every order is refused.
  bool IsReady() const { return replica_.HasStarted(); }

  // A primary that is being filled coordinates nothing: a delete would cover too little, a stamp
  // could be too low.
  bool IsFilling(PartitionKey key) const { return replica_.Lacks(key); }

  // Both require that this node is in the partition's preference list and 1 <= w, r <= N.
  void Put(Moment now, PutOrder order);
  void Get(Moment now, const GetOrder& order);

  void OnReplicateAck(NodeId from, std::uint64_t id) { puts_.OnReplicateAck(from, id); }
  void OnHintRefused(Moment now, NodeId from, const HintRefused& refusal) {
    puts_.OnHintRefused(now, from, refusal);
  }
  void OnRowRead(Moment now, NodeId from, RowRead read) {
    gets_.OnRowRead(now, from, std::move(read));
  }
  void OnRowDigest(Moment now, NodeId from, const RowDigest& read) {
    gets_.OnRowDigest(now, from, read);
  }
  void OnReadRefused(Moment now, NodeId from, const ReadRefused& refused) {
    gets_.OnReadRefused(now, from, refused);
  }
  void OnRowElsewhere(Moment now, const RowElsewhere& read) { gets_.OnRowElsewhere(now, read); }
  void OnHintRead(Moment now, NodeId from, HintRead read) {
    gets_.OnHintRead(now, from, std::move(read));
  }
  void FollowView(Moment now) {
    puts_.FollowView(now);
    gets_.FollowView(now);
  }
  void OnDurable(Moment now, BatchId up_to) { puts_.OnDurable(now, up_to); }
  void Tick(Moment now);
  Instant NextDeadline() const { return std::min(puts_.NextDeadline(), gets_.NextDeadline()); }

  std::vector<Outcome> TakeOutcomes();
  std::vector<PutCoordinator::Minted> TakeMinted() { return puts_.TakeMinted(); }

  std::size_t in_flight() const { return puts_.in_flight() + gets_.in_flight(); }
  const PutCounters& put_counters() const { return puts_.counters(); }
  const GetCounters& get_counters() const { return gets_.counters(); }
  const Hedge& hedge() const { return gets_.hedge(); }
  const ReadRepairCounters& repair_counters() const { return gets_.repair_counters(); }

 private:
  // True, and the outcome is there, when nothing can be taken on.
  bool Refuse(Ticket ticket, const crdt::RowKey& key, std::size_t needed);

  Replica& replica_;
  CoordinatorOptions options_;
  PutCoordinator puts_;
  GetCoordinator gets_;
  std::vector<Outcome> refused_;
};

}  // namespace meridian::local
