// The Merkle audit of a node's partitions: proves that the replicas hold the same, and mends what
// they do not.
//
//     every minute, and when asked:  roots ─> branches ─> leaves   (differing ones only)
//     a leaf that differs, deviates from its tree or has a row that cannot be read
//         ── an interval later, if it was a difference of sums ──> its rows, from all primaries
//         ──> Judge ──> the right replica gives its row to the wrong one; the leaf is listed again
//
// On a healthy ring it finds nothing, whatever is in flight. A partition is audited by its first
// primary; by another when that has not been heard of for three rounds. Rule 4 binds everyone but
// Replica::Restore, which only this leads to. docs/adr/0010 has the figures.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "local/audit_peer.h"
#include "local/audit_verdict.h"
#include "local/rebuild_check.h"

namespace meridian::local {

struct AuditOptions {
  Duration interval = std::chrono::seconds(60);
  Duration settle = std::chrono::seconds(1);  // between two looks at a leaf
  Duration answer_timeout = std::chrono::seconds(3);
  RebuildOptions rebuild;
};

struct AuditFigures {
  bool running = false;
  std::uint64_t rounds = 0;               // completed
  std::uint64_t partitions_compared = 0;  // with a peer, ever
  std::uint64_t peers_silent = 0;
  CountByCause findings{};
  std::uint64_t leaves_open = 0;  // still to be listed
  Instant last_end;               // of a round; of the start, before the first
};

class Audit {
 public:
  // All outlive this. Requires that the replica has started.
  Audit(const Ring& ring, Turn& turn, Replica& replica, AuditOptions options);

  void Start(Moment now);
  // Compares every partition held here with every peer, now; with `rebuild`, after every row was
  // read from disk. Also when a round is running.
  void Begin(Moment now, bool rebuild);

  void OnRoots(Moment now, NodeId from, const AuditRoots& roots);
  void OnBranches(Moment now, NodeId from, const AuditBranches& branches);
  void OnDiffering(Moment now, NodeId from, const AuditDiffering& differing);
  void OnRows(Moment now, NodeId from, AuditRows rows);
  AuditPeer& peer() { return peer_; }

  void Tick(Moment now);
  Instant NextDeadline() const;

  AuditFigures Figures() const;
  const AuditPeer& peer() const { return peer_; }
  const RebuildCheck& rebuild() const { return rebuild_; }
  std::vector<std::string> TakeLines();

 private:
  // The comparing with one peer: groups of roots, one message out at a time.
  struct Dialogue {
    std::vector<PartitionKey> left;
    std::vector<std::pair<PartitionKey, std::size_t>> branches;  // that differ, to be descended
    std::uint64_t awaited = 0;  // id of the message that is out; 0: none
    Instant sent_at;
  };
  struct Look {
    Instant due;
    int times = 0;  // that it was listed already
  };
  // Pages listed together, of one set of primaries.
  struct Listing {
    std::uint64_t id = 0;  // 0: none is out
    std::vector<LeafPage> pages;
    std::vector<int> times;
    std::vector<NodeId> nodes;
    std::map<NodeId, AuditRows> answers;
    Instant sent_at;
  };
  // A page as all who answered show it.
  struct PageView;

  bool IsComparing() const;
  void Compare(Moment now, bool all);
  void SendNext(Moment now, NodeId node, Dialogue& dialogue);
  AuditRoots NextRoots(Dialogue& dialogue);
  AuditLeaves NextLeaves(Dialogue& dialogue) const;
  void Suspect(Instant due, LeafPage page, int times);
  void GatherSuspects(Moment now);
  void GiveUpOnSilent(Moment now);
  void ListNext(Moment now);
  void EndListing(Moment now);
  void JudgePage(Moment now, const Listing& listing, std::size_t index);
  std::size_t JudgeRows(const PageView& view);
  bool Settle(const PageView& view);
  Bytes LeafBeginOf(const LeafName& name) const;
  void Count(NodeId wrong, AuditCause cause, const Bytes& storage_key);
  void SendMends();
  std::vector<NodeId> PrimariesOf(PartitionKey key) const;

  const Ring& ring_;
  Replica& replica_;
  AuditOptions options_;
  AuditPeer peer_;
  RebuildCheck rebuild_;
  Random random_{0};
  std::map<NodeId, Dialogue> dialogues_;
  std::map<LeafPage, Look> suspects_;
  std::vector<LeafPage> deferred_;  // in doubt, and no peer answered: for the next round
  bool overflowed_ = false;         // leaves were left out: the next round follows at once
  Listing listing_;
  std::map<std::pair<NodeId, NodeId>, std::vector<Mend>> mends_;  // (source, wrong)
  std::set<std::pair<NodeId, Bytes>> counted_;                    // found in this round already
  std::map<PartitionKey, Instant> audited_;
  Instant next_round_ = kNever;
  bool compare_after_rebuild_ = false;
  bool in_round_ = false;
  std::uint64_t last_id_ = 0;
  AuditFigures figures_;
  std::vector<std::string> lines_;
};

}  // namespace meridian::local
