// Is this disk the one the node had, or an older copy, or an empty one?
//
//     start ─> ask all peers what they remember ─> all have answered, or a second is over ─> judged
//     every second, when something was written:  mark 41 ─> durable ─> peers write 41 down
//
//     disk         peers remember               so it is
//     mark 20      mark 41, or an incarnation   an old copy: acknowledged writes are missing
//                  above the disk's
//     empty        anything, or hold anything,  lost, or of a node that joins: it lacks what
//                  or do not answer             it is to hold
//     empty        nothing, and are empty       a new ring's
//
// Whatever lacks something must be filled before it counts for reads (rule 9). Peers that did not
// answer in time are asked on: what they say later is a contradiction found late. What this cannot
// tell from a crash: a copy made less than about a second before.

#pragma once

#include <map>

#include "local/messages.h"
#include "local/replica.h"

namespace meridian::local {

struct DiskCheckOptions {
  Duration grace = std::chrono::seconds(1);
  Duration ask_again = std::chrono::milliseconds(200);
  Duration beat = std::chrono::seconds(1);
};

class DiskCheck {
 public:
  // All outlive this. `nonce` differs at every start.
  DiskCheck(const Ring& ring, Turn& turn, Replica& replica, DiskCheckOptions options,
            std::uint64_t nonce);

  // Once, when the replica has loaded.
  void Start(Moment now);
  // True once the peers have had their say; then Begin is due.
  bool judged() const { return judged_; }
  bool must_fill() const;
  bool is_empty() const { return stored_incarnation_ == 0; }
  // The highest of this node's that anybody remembers.
  std::uint32_t known_incarnation() const { return known_incarnation_; }

  // The minter has begun, in this turn. From now on marks advance, and peers hear of them.
  void Begin(Moment now);
  // What a peer said after Begin speaks against this disk, or this incarnation: begin again.
  bool contradicted() const { return contradicted_; }

  void OnAsk(NodeId from, const DiskAsk& ask);
  void OnKnown(Moment now, NodeId from, const DiskKnown& known);
  void OnLifeMark(NodeId from, const LifeMark& mark);
  // The ring is another one. Who came since is asked what it remembers of a node of this name, but
  // not whether the ring is new.
  void FollowView();
  void Tick(Moment now);
  Instant NextDeadline() const { return next_; }

 private:
  struct Peer {
    bool answered = false;
    bool is_new = false;  // it holds nothing and knows nothing of us
    bool came_later = false;
    // What we remember of it.
    std::uint32_t incarnation = 0;
    std::uint64_t mark = 0;
  };
  void AskSilent();
  void Judge(Moment now);
  void AdvanceMark();
  std::uint32_t IncarnationSeen(NodeId node, const DiskAsk& ask) const;

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  DiskCheckOptions options_;
  std::uint64_t nonce_;
  std::map<NodeId, Peer> peers_;
  std::uint32_t stored_incarnation_ = 0;  // as the disk had it
  std::uint64_t stored_mark_ = 0;
  std::uint32_t known_incarnation_ = 0;  // as peers remember
  std::uint64_t known_mark_ = 0;
  std::uint64_t mark_ = 0;
  std::uint64_t changes_marked_ = 0;  // the log's, at the last mark
  std::uint32_t first_ = 0;           // of this life's incarnations
  Instant judged_by_ = kNever;
  Instant next_ = kNever;
  BatchId told_after_;  // what the last marks wait for
  bool judged_ = false;
  bool begun_ = false;
  bool fills_ = false;  // began with everything to be filled
  bool contradicted_ = false;
};

}  // namespace meridian::local
