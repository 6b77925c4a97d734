// The client API of a ring node: requests in, orders for the coordinator, answers out.
//
//     ClientRequest ─ validate ─ open token ─┬─ I am a primary ──> Coordinator ──> Outcome ──>
//     answer
//                                            └─ I am not ──> Forward to one ──> Forwarded ──>
//                                                    │       answer
//                                                    └─ none is up: a fallback stands in
//
// Everything a client can get wrong is answered here, with what to do about it. A request that was
// forwarded is answered by the primary; when that one is silent the next is tried, so a forwarded
// put may be written twice (as may one that a client repeats). A delete without a context is tried
// once: it covers whatever it finds, so a second one, late, would cover what was written since.
//
// A Forward names the life of its receiver. Another life refuses it and says its own; the request
// is then sent again, to that one. One that must not be done twice is not, unless the life that it
// was meant for was unknown: it may have been done by it, and the answer be under way.

#pragma once

#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "base/ports.h"
#include "base/timer_queue.h"
#include "base/turn.h"
#include "local/coordinator.h"
#include "local/messages.h"
#include "node/client_api.h"
#include "node/machine_options.h"
#include "node/recent_ids.h"

namespace meridian::node {

class ClientService {
 public:
  // All outlive this.
  ClientService(const RingNodeOptions& options, const local::Ring& ring, Turn& turn,
                local::Coordinator& coordinator, const local::Liveness& liveness,
                const Signer& signer);

  // Once the replica has started as this actor.
  void Start(Actor actor) {
    last_id_ = local::FirstIdOf(actor);
    life_ = actor.packed;
  }

  // `encoded` is what `request` was decoded from; it travels on when another node must serve it.
  void Serve(Moment now, RequestTag tag, const Bytes& encoded,
             const Result<ClientRequest>& request);
  // The process ends: what peers forward from now on is for others.
  void Leave() { leaving_ = true; }
  // `left` is what is left of the sender's time.
  void OnForward(Moment now, ProcessId from, local::Forward forward, Duration left);
  void OnForwarded(Moment now, ProcessId from, local::Forwarded forwarded);
  // Not done: one of the two has an older view of the ring.
  void RefuseForward(ProcessId from, const local::Forward& forward);
  // The ring is another one: what was refused for that is sent to whom it concerns now.
  void FollowView(Moment now);
  void OnForwardRefused(Moment now, ProcessId from, const local::ForwardRefused& refused);
  // A peer says which life it is in; 0: none yet.
  void OnPeerLife(ProcessId peer, std::uint64_t life);
  void OnHeldEverywhere(const local::HeldEverywhere& held);
  // Answers what the coordinator has decided.
  void Settle(Moment now, std::vector<local::Outcome> outcomes);
  void Tick(Moment now);
  Instant NextDeadline() const { return timers_.Next(); }

  // Requests not answered yet.
  std::size_t waiting() const { return requests_.size(); }

 private:
  // Where an answer goes: a client of this process, or a node that forwarded.
  struct Peer {
    ProcessId process;
    std::uint64_t id;
  };
  using Origin = std::variant<RequestTag, Peer>;

  struct Waiting {
    Origin origin;
    Instant deadline;
    bool writes = false;
    bool each_quorum = false;  // a write that the other regions must hold too
    // While the request is at another primary, or waits for the other regions:
    Bytes request;
    std::vector<NodeId> tried;
    ProcessId at;                 // the primary that was tried last
    std::uint64_t life = 0;       // which of its lives it was addressed to
    bool once = false;            // must not be done twice
    bool refused = false;         // the last one that was tried has not done it: another view
    bool may_have_acted = false;  // a primary that did not answer may have done it
    std::optional<local::Outcome> local_outcome;
  };

  // `left` is of a request that was forwarded here, and is not forwarded on.
  void Admit(Moment now, Origin origin, const Bytes& encoded, const Result<ClientRequest>& request,
             std::optional<Duration> left);
  void Order(Moment now, Origin origin, const Bytes& encoded, const ClientRequest& request,
             std::optional<Duration> left);
  NodeId Self() const { return {ring_.self().number}; }
  const local::PreferenceList& ListOf(const crdt::RowKey& key) const;
  std::vector<NodeId> CandidatesFor(const ClientRequest& request,
                                    const local::PreferenceList& list) const;
  void Issue(Moment now, std::uint64_t id, const ClientRequest& request,
             std::optional<crdt::ContextToken> read);
  void ServeHere(Moment now, std::uint64_t id, Waiting& waiting, const ClientRequest& request,
                 const crdt::RowKey& key);
  void ForwardOn(Moment now, std::uint64_t id, Waiting& waiting);
  bool TryNext(Moment now, std::uint64_t id, Waiting& waiting);
  void SendForward(Moment now, std::uint64_t id, Waiting& waiting);
  void AwaitOtherRegions(Moment now, std::uint64_t id, Waiting& waiting, local::Outcome outcome);
  void AskOtherRegions(Moment now, std::uint64_t id, const Waiting& waiting);
  void Finish(std::uint64_t id, const ClientAnswer& answer, BatchId after);
  void AnswerTo(const Origin& origin, Bytes answer, BatchId after);
  std::optional<ClientAnswer> NoRoomFor(Operation operation) const;
  Duration TimeoutOf(const ClientRequest& request) const;

  const RingNodeOptions& options_;
  const local::Ring& ring_;
  Turn& turn_;
  local::Coordinator& coordinator_;
  const local::Liveness& liveness_;
  const Signer& signer_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, Waiting> requests_;  // by ticket, and by id of forward
  std::uint64_t life_ = 0;                     // the own one, in Forwards of others
  std::map<ProcessId, std::uint64_t> lives_;
  RecentIds forwarded_here_;
  bool leaving_ = false;
  TimerQueue timers_;
};

}  // namespace meridian::node
