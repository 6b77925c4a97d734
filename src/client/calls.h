// What the client library decides: which node gets a call, when it is tried again, how it ends.
//
//     Start ──> first primary of the key's partition ──answer──> Finished
//                  │ no answer within the attempt's share, its process lost, "unavailable", ...
//                  └──> next node of the preference list (after a jittered pause if all refused)
//                          └── ... until the call's deadline: kTimeout, or the last refusal
//
// An attempt's share is a fifth of the call's timeout, at most a second, then doubling (1 s, 2 s
// and what is left of the default 5 s). A node that did not answer is avoided for a second, then
// gets one call to prove itself. A late answer of an earlier attempt counts if it is a success. A
// write that was sent twice may have happened twice; one that failed after any attempt went
// unanswered says `maybe`. A delete without context covers whatever is there when it is done, so it
// is sent a second time only if nothing can have come of the first, which gets all the time there
// is. A call that lets nobody stand in (not sloppy) does not wait for better times: it ends when
// all nodes that can be reached have refused it.
//
// Pure, like a Machine: time is handed in, what is to be done is taken out. client.h drives it.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "local/partition_table.h"
#include "local/topology.h"
#include "node/client_api.h"

namespace meridian::client {

// How one call went, beside its answer.
struct CallFigures {
  std::uint32_t attempts = 0;
};

// What all calls of a client went through.
struct ClientFigures {
  std::uint64_t calls = 0;
  std::uint64_t retries = 0;   // attempts beyond the first
  std::uint64_t timeouts = 0;  // attempts that got no answer in their share
  std::uint64_t lost = 0;      // attempts whose node was lost before it answered
  std::uint64_t maybes = 0;    // writes whose caller was told that they may surface later
  std::uint64_t refused = 0;   // calls refused here because too many were in flight
};

using Callback = std::function<void(node::ClientAnswer, CallFigures)>;

class Calls {
 public:
  // An encoded request for a node.
  struct Send {
    NodeId to;
    std::uint64_t id = 0;
    Bytes body;
    Instant until;  // after this another attempt is made
  };
  struct Finished {
    Callback callback;
    node::ClientAnswer answer;
    CallFigures figures;
  };

  // Requires a valid topology that has `region`.
  Calls(local::Topology topology, RegionId region, std::size_t max_in_flight, Random random);

  // The ring is another one; calls in flight go on by it. Requires that the topology has the
  // region.
  void Follow(local::Topology topology, local::PartitionTable table);

  // request.timeout_ms is set here, for each attempt. Requires timeout > 0.
  void Start(Instant now, node::ClientRequest request, Duration timeout, Callback callback);
  // An answer from a node; whatever is unknown, late or malformed is ignored.
  void Receive(Instant now, NodeId from, std::uint64_t id, ByteView body);
  // The attempt could not even be sent: another node is tried at once.
  void Undeliverable(Instant now, NodeId to, std::uint64_t id);
  // The node's process has ended: what was sent to it is not answered any more.
  void Lost(Instant now, NodeId node);
  void Tick(Instant now);
  // For closing: the attempt was never sent, so it leaves no doubt.
  void NeverSent(NodeId to, std::uint64_t id);
  // Ends every call with kUnavailable; for closing. What TakeSends would give was never sent.
  void Abandon();

  Instant NextDeadline() const;
  std::vector<Send> TakeSends();
  std::vector<Finished> TakeFinished();

  // True once after a node has refused for itself: the ring may be another one.
  bool TakeDoubt() { return std::exchange(doubt_, false); }

  bool has_finished() const { return !finished_.empty(); }
  std::size_t in_flight() const { return calls_.size(); }
  const ClientFigures& figures() const { return figures_; }

 private:
  struct Call {
    node::ClientRequest request;
    Callback callback;
    const local::PreferenceList* list = nullptr;
    Instant deadline;
    Duration share{};
    Instant wake;                // when the attempt, or the pause before the next one, is over
    bool waiting = false;        // for an answer of tried.back(); else pausing
    std::vector<NodeId> tried;   // in order, repeats included
    bool uncertain = false;      // an attempt may have taken effect
    node::ClientAnswer refusal;  // the last one, told at the deadline
  };
  // Whether a node deserves calls.
  struct Health {
    bool suspect = false;
    Instant avoid_until;  // then one call may try it, which moves this on
  };
  using CallMap = std::map<std::uint64_t, Call>;

  // Whether a second attempt, or a first that comes late, could undo what others wrote meanwhile.
  static bool IsOnce(const node::ClientRequest& request);
  // Null and `message` set when this region cannot serve the namespace.
  const local::PreferenceList* ListFor(const node::ClientRequest& request, std::string& message);
  void Attempt(Instant now, CallMap::iterator call);
  NodeId Pick(Instant now, const Call& call) const;
  bool Avoided(Instant now, NodeId node) const;
  // A node that this call has not tried and that is not avoided.
  bool HasFresh(Instant now, const Call& call) const;
  void GiveUpAttempt(Instant now, CallMap::iterator call);
  void Refused(Instant now, CallMap::iterator call, node::ClientAnswer answer);
  void Wait(std::uint64_t id, Call& call, Instant until);
  void Finish(CallMap::iterator call, node::ClientAnswer answer);
  void Expire(CallMap::iterator call);

  local::Topology topology_;
  RegionId region_;
  local::PartitionTable table_;
  std::size_t max_in_flight_;
  Random random_;
  CallMap calls_;
  std::set<std::pair<Instant, std::uint64_t>> wakes_;
  std::map<NodeId, Health> health_;
  std::uint64_t next_id_ = 1;
  std::vector<Send> sends_;
  std::vector<Finished> finished_;
  ClientFigures figures_;
  bool doubt_ = false;
};

// Whether repeating the call at another node may help.
bool IsWorthRetrying(node::Status status);

}  // namespace meridian::client
