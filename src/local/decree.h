// One value for each slot, chosen by most of its voters, whoever proposes and whoever crashes.
//
//     Propose(v) ─ prepare ─> promises of most ─ accept (v, or what one of them voted for) ─>
//     accepted by most: chosen
//
// Two who propose for one slot: one value is chosen, and both learn which. A voter that has voted
// and hears nothing of the outcome takes the value up itself, so a proposer may die at any step.
// What a voter said is durable before it leaves, and outlives it; so is a proposer's own promise
// before it asks for others, or it could use one ballot for two values, before and after a crash.
// Slots follow each other: opening one forgets those before, which must be known as chosen by then.
// Source: Lamport, "Paxos made simple", 2001.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/turn.h"
#include "local/view_messages.h"

namespace meridian::local {

struct DecreeOptions {
  Duration patience = std::chrono::milliseconds(400);   // for the answers of a round
  Duration rank_step = std::chrono::milliseconds(150);  // by which proposers draw apart
  Duration orphaned_after = std::chrono::seconds(2);    // a vote without an outcome
};

class Decree {
 public:
  // `turn` outlives this.
  Decree(ProcessId self, Turn& turn, DecreeOptions options)
      : self_(self), turn_(turn), options_(options) {}

  // Reads what this voter has said before. Once, before anything else.
  void Load();
  // `voters` decide about the slot from now on.
  void Open(Moment now, std::uint64_t slot, std::vector<NodeId> voters);
  std::uint64_t slot() const { return slot_; }
  // Whether this one decides as well. Who abstains neither votes nor proposes.
  bool IsVoter() const;
  void SetAbstains(bool abstains) { abstains_ = abstains; }

  // Goes on until something is chosen for the open slot, or another slot is opened. A wish that is
  // out already stays.
  void Propose(Moment now, Bytes value);
  bool HasWish() const { return wish_.has_value(); }
  void OnCall(Moment now, NodeId from, DecreeCall call);
  void OnDurable(Moment now, BatchId up_to);
  void Tick(Moment now);
  Instant NextDeadline() const { return std::min(next_round_, orphaned_at_); }

  // What most have voted for, once.
  std::optional<Bytes> TakeChosen() { return std::exchange(chosen_, std::nullopt); }

 private:
  struct Vote {  // what a voter must not forget
    std::uint64_t slot = 0;
    Ballot promised;
    Ballot accepted;
    Bytes value;

    template <class Archive>
    void serialize(Archive& archive) {
      archive(slot, promised, accepted, value);
    }
  };
  struct Round {
    Ballot ballot;
    bool accepting = false;
    std::set<NodeId> promises;
    std::set<NodeId> accepts;
    Ballot highest;  // of the votes that the promises tell of
    Bytes value;
  };

  void BeginRound(Moment now);
  // All voters, itself first.
  void Ask(Moment now, const DecreeCall& call);
  void Answer(Moment now, NodeId to, DecreeCall call);
  void OnPrepare(Moment now, NodeId from, const DecreeCall& call);
  void OnAccept(Moment now, NodeId from, DecreeCall call);
  void OnPromise(Moment now, NodeId from, DecreeCall call);
  void OnAccepted(NodeId from, const DecreeCall& call);
  void OnRefuse(Moment now, const DecreeCall& call);
  void Store();
  Duration Apart() const;
  bool IsMost(const std::set<NodeId>& nodes) const { return nodes.size() > voters_.size() / 2; }

  ProcessId self_;
  Turn& turn_;
  DecreeOptions options_;
  bool abstains_ = false;
  std::uint64_t slot_ = 0;
  std::vector<NodeId> voters_;
  Vote vote_;
  std::optional<Bytes> wish_;
  std::optional<Round> round_;
  std::uint64_t highest_round_ = 0;  // that was heard of
  Instant next_round_ = kNever;
  Instant orphaned_at_ = kNever;
  std::vector<std::pair<BatchId, DecreeCall>> own_;  // own votes that are not durable yet
  std::optional<Bytes> chosen_;
};

}  // namespace meridian::local
