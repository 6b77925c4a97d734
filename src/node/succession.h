// How a region's ring goes from view to view: proposes, votes, spreads, refuses what is stale.
//
//     operator: apply ──> the next view ──> Decree ──> chosen: adopted, stored, told to all
//     each second: ViewNotice to all          a newer one heard of: ViewAsk, ViewTold
//     filling, and all that gain are filled ──> proposes "switched"
//     switched, and most of the former primaries are ──> proposes "settled"
//
// Changes begin in the first region that holds nodes; other regions get each layout from their
// gateways and go through their own views. Any voter takes the next step when it is due, so no step
// needs the one who began. What is decided is applied to the ring in place; the machine then tells
// its parts (TakeAdopted).

#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>

#include "base/turn.h"
#include "local/decree.h"
#include "local/ring.h"
#include "node/client_api.h"

namespace meridian::node {

struct SuccessionOptions {
  Duration interval = std::chrono::seconds(1);           // of notices
  Duration tell_again = std::chrono::milliseconds(200);  // the same to the same peer
  Duration gone_after = std::chrono::seconds(30);        // who has left and says nothing so long
  Duration apply_timeout = std::chrono::seconds(10);
  local::DecreeOptions decree;
};

class Succession {
 public:
  // What a process begins with: what its disk knows, else the first view if the file is epoch 1,
  // else nothing: it joins a ring, and waits to be told.
  static local::Ring RingAtStart(const local::Topology& file, ProcessId self, const Storage& disk);

  // All outlive this.
  Succession(local::Ring& ring, Turn& turn, Log& log, SuccessionOptions options)
      : ring_(ring),
        turn_(turn),
        log_(log),
        options_(options),
        decree_(ring.self(), turn, options.decree) {}

  // Once, before anything else.
  void Start(Moment now);

  // True when a message of this view may be taken as one among equals. If not, whoever is behind is
  // told or asks.
  bool Accept(Moment now, ProcessId from, std::uint64_t view);
  // Any message: who speaks is not gone, though its notices may wait for a full disk.
  void Heard(Moment now, ProcessId from);
  void OnNotice(Moment now, ProcessId from, const local::ViewNotice& notice);
  void OnAsk(Moment now, ProcessId from, const local::ViewAsk& ask);
  void OnTold(Moment now, local::ViewTold told);
  void OnLayout(Moment now, local::LayoutTold told);
  void OnCall(Moment now, NodeId from, local::DecreeCall call);
  void OnDurable(Moment now, BatchId up_to);
  void Tick(Moment now);
  Instant NextDeadline() const;

  // An operator's request; the answer goes through the turn, now or when something is decided.
  void Apply(Moment now, RequestTag tag, const ClientRequest& request);
  void TakeBack(Moment now, RequestTag tag, const ClientRequest& request);

  // A disk that was lost has forgotten its votes: it has none until it holds again what it held, by
  // when whatever was being decided is.
  void SetAbstains(bool abstains) { decree_.SetAbstains(abstains); }
  // How far this node is with the view: tells the others when it changes.
  void SetProgress(Moment now, bool filled, bool handed_on);

  // True once after each new view.
  bool TakeAdopted() { return std::exchange(adopted_, false); }
  const local::View& view() const { return view_; }
  // Nodes that are not where the view wants them, by name: who is being waited for.
  std::vector<NodeId> Awaited() const;
  // Whether the node has said anything since it, or this one, came to the view; of a node that has
  // left, lately.
  bool HasSpoken(NodeId node) const { return notices_.contains(ring_.Process(node)); }
  std::uint64_t stale_messages() const { return stale_messages_; }

 private:
  struct Wish {
    RequestTag tag;
    Epoch epoch;
    Bytes layout;  // encoded; by the time it is known to be chosen, the ring may be further in it
    Instant deadline;
  };

  void Store();
  bool CanChange(RequestTag tag, const ClientRequest& request);
  // A removed node that the next change would cut off from those it has rows for.
  std::optional<NodeId> HandsOnStill() const;
  void Begin(Moment now, RequestTag tag, local::Layout next);
  void Refuse(RequestTag tag, Status status, std::string why);
  void Adopt(Moment now, local::View view);
  void OpenSlot(Moment now);
  void AnswerWishes(Moment now);
  void CheckChosen(Moment now);
  void CheckGate(Moment now);
  bool IsGateOpen() const;
  bool MostFormerKnow(local::PartitionKey key) const;
  std::vector<ProcessId> Peers() const;
  void SendNotices();
  void ForgetSilent(Moment now);
  void Tell(Moment now, ProcessId to);
  void AskFor(Moment now, ProcessId from);

  local::Ring& ring_;
  Turn& turn_;
  Log& log_;
  SuccessionOptions options_;
  local::Decree decree_;
  local::View view_;
  local::ViewNotice own_;
  std::map<ProcessId, local::ViewNotice> notices_;
  std::map<ProcessId, Instant> heard_at_;  // of those that sent one, any message
  Instant adopted_at_{};                   // or started
  BatchId own_after_;                      // own_ counts when this is durable
  bool had_time_ = false;                  // everybody who is up has spoken in this view
  std::set<NodeId> gaining_;               // of this view, while it is filling
  std::map<ProcessId, Instant> told_;
  Instant asked_at_{};
  std::optional<Wish> wish_;
  std::optional<Instant> gate_open_since_;
  Instant next_notice_ = kNever;
  bool adopted_ = false;
  std::uint64_t stale_messages_ = 0;
};

}  // namespace meridian::node
