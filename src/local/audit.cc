#include "local/audit.h"

#include <algorithm>

#include "base/big_endian.h"
#include "base/hash.h"

namespace meridian::local {
namespace {

constexpr std::size_t kSuspectsMax = 4096;  // more wait for the next round

}  // namespace

Audit::Audit(const Ring& ring, Turn& turn, Replica& replica, AuditOptions options)
    : ring_(ring),
      replica_(replica),
      options_(options),
      peer_(ring, turn, replica),
      rebuild_(ring, turn, replica, options.rebuild) {}

void Audit::Start(Moment now) {
  last_id_ = FirstIdOf(replica_.actor());
  random_ = Random(replica_.actor().packed);
  for (const PartitionKey key : replica_.log().partitions()) audited_[key] = now.monotonic;
  const auto spread = static_cast<std::uint64_t>(options_.interval.count());
  next_round_ = now.monotonic + Duration(static_cast<std::int64_t>(random_.Below(spread + 1)));
  figures_.last_end = now.monotonic;
  rebuild_.Start(now);
}

std::vector<NodeId> Audit::PrimariesOf(PartitionKey key) const {
  const PreferenceList* list = ring_.ListOf(key);
  if (list == nullptr) return {};
  return {list->nodes.begin(), list->nodes.begin() + list->primaries};
}

void Audit::Begin(Moment now, bool rebuild) {
  counted_.clear();
  in_round_ = true;
  compare_after_rebuild_ = rebuild;
  if (rebuild) return rebuild_.Hurry(now);
  Compare(now, true);
}

void Audit::Compare(Moment now, bool all) {
  in_round_ = true;
  const NodeId self{ring_.self().number};
  std::map<NodeId, std::vector<PartitionKey>> shared;
  for (const PartitionKey key : replica_.log().partitions()) {
    const std::vector<NodeId> primaries = PrimariesOf(key);
    if (replica_.log().IsFilling(key)) continue;  // lacks what it is known to lack
    const bool late = now.monotonic - audited_[key] > 3 * options_.interval;
    // What is being filled here, or handed on, has its own ways.
    if (primaries.empty() || !ring_.IsMine(key) || (!all && !late && primaries.front() != self))
      continue;
    audited_[key] = now.monotonic;
    for (const NodeId node : primaries) {
      if (node != self) shared[node].push_back(key);
    }
  }
  for (const LeafPage& page : std::exchange(deferred_, {})) Suspect(now.monotonic, page, 0);
  for (auto& [node, keys] : shared) {
    dialogues_[node] = {std::move(keys), {}, 0, {}};
    SendNext(now, node, dialogues_[node]);
  }
}

// What differs is descended first; then the next group of roots.
void Audit::SendNext(Moment now, NodeId node, Dialogue& dialogue) {
  if (dialogue.left.empty() && dialogue.branches.empty()) {
    dialogues_.erase(node);
    return;
  }
  dialogue.awaited = ++last_id_;
  dialogue.sent_at = now.monotonic;
  if (dialogue.branches.empty()) return peer_.Send(node, NextRoots(dialogue));
  peer_.Send(node, NextLeaves(dialogue));
}

AuditRoots Audit::NextRoots(Dialogue& dialogue) {
  AuditRoots roots{dialogue.awaited, {}};
  while (!dialogue.left.empty() && roots.partitions.size() < kAuditGroup) {
    const PartitionKey key = dialogue.left.back();
    dialogue.left.pop_back();
    roots.partitions.push_back({key, {replica_.trees().RootOf(key)}});
    ++figures_.partitions_compared;
  }
  return roots;
}

AuditLeaves Audit::NextLeaves(Dialogue& dialogue) const {
  AuditLeaves leaves{dialogue.awaited, {}};
  while (!dialogue.branches.empty() && leaves.branches.size() < kAuditGroup) {
    const auto [key, number] = dialogue.branches.back();
    dialogue.branches.pop_back();
    BranchLeaves& branch = leaves.branches.emplace_back();
    branch.key = key;
    branch.branch = static_cast<std::uint8_t>(number);
    const std::size_t first = number * crdt::MerkleTree::kLeavesPerBranch;
    for (std::size_t i = 0; i < branch.sums.size(); ++i) {
      branch.sums[i].value = replica_.trees().LeafOf(key, first + i);
    }
  }
  return leaves;
}

void Audit::OnRoots(Moment now, NodeId from, const AuditRoots& roots) {
  for (const PartitionRoot& root : roots.partitions) {
    const auto known = audited_.find(root.key);
    if (known != audited_.end()) known->second = now.monotonic;
  }
  peer_.OnRoots(from, roots);
}

void Audit::OnBranches(Moment now, NodeId from, const AuditBranches& branches) {
  const auto found = dialogues_.find(from);
  if (found == dialogues_.end() || found->second.awaited != branches.id) return;
  for (const PartitionBranches& theirs : branches.differing) {
    const crdt::MerkleTree* tree = replica_.trees().Find(theirs.key);
    for (std::size_t i = 0; i < crdt::MerkleTree::kBranches; ++i) {
      const std::uint64_t mine = tree == nullptr ? 0 : tree->branches()[i];
      if (mine != theirs.sums[i].value) found->second.branches.emplace_back(theirs.key, i);
    }
  }
  SendNext(now, from, found->second);
}

void Audit::OnDiffering(Moment now, NodeId from, const AuditDiffering& differing) {
  const auto found = dialogues_.find(from);
  if (found == dialogues_.end() || found->second.awaited != differing.id) return;
  // Most of it is in flight, and gone when it is looked at again.
  for (const LeafName& leaf : differing.leaves) {
    Suspect(now.monotonic + options_.settle, {leaf, {}}, 0);
  }
  SendNext(now, from, found->second);
}

void Audit::Suspect(Instant due, LeafPage page, int times) {
  if (!replica_.log().Holds(page.leaf.key)) return;
  if (suspects_.size() >= kSuspectsMax) {
    overflowed_ = true;
    return;
  }
  const auto [at, is_new] = suspects_.try_emplace(std::move(page), Look{due, times});
  if (!is_new) at->second.due = std::min(at->second.due, due);
}

// What is known without peers: leaves that deviate from their tree, rows that cannot be read.
void Audit::GatherSuspects(Moment now) {
  for (const LeafName& leaf : rebuild_.TakeDeviating()) Suspect(now.monotonic, {leaf, {}}, 0);
  for (const Bytes& storage_key : replica_.TakeUnreadable()) {
    const PlacementId placement{ReadBigEndian<std::uint16_t>(storage_key)};
    const Token token{ReadBigEndian<std::uint64_t>(ByteView(storage_key).substr(2))};
    const std::size_t leaf = crdt::LeafOf(token, ring_.topology().partition_bits);
    Suspect(now.monotonic,
            {{ring_.PartitionOfToken(placement, token), static_cast<std::uint16_t>(leaf)}, {}}, 0);
  }
}

void Audit::GiveUpOnSilent(Moment now) {
  figures_.peers_silent += std::erase_if(dialogues_, [&](const auto& dialogue) {
    return now.monotonic - dialogue.second.sent_at >= options_.answer_timeout;
  });
  if (listing_.id != 0 && now.monotonic - listing_.sent_at >= options_.answer_timeout) {
    EndListing(now);
  }
}

bool Audit::IsComparing() const {
  return !dialogues_.empty() || compare_after_rebuild_ || !suspects_.empty() || listing_.id != 0;
}

void Audit::Tick(Moment now) {
  if (next_round_ == kNever) return;  // not started
  rebuild_.Tick(now);
  GatherSuspects(now);
  if (compare_after_rebuild_ && !rebuild_.hurries()) {
    compare_after_rebuild_ = false;
    Compare(now, true);
  }
  GiveUpOnSilent(now);
  if (now.monotonic >= next_round_) {
    next_round_ = now.monotonic + options_.interval;
    if (!in_round_) {
      counted_.clear();
      Compare(now, false);
    }
  }
  ListNext(now);
  if (in_round_ && !IsComparing()) {
    in_round_ = false;
    ++figures_.rounds;
    figures_.last_end = now.monotonic;
    if (std::exchange(overflowed_, false)) next_round_ = now.monotonic;
  }
}

Instant Audit::NextDeadline() const {
  if (next_round_ == kNever) return kNever;
  Instant next = std::min(next_round_, rebuild_.NextDeadline());
  if (replica_.HasUnreadable()) return Instant{};
  for (const auto& [node, dialogue] : dialogues_) {
    next = std::min(next, dialogue.sent_at + options_.answer_timeout);
  }
  if (listing_.id != 0) return std::min(next, listing_.sent_at + options_.answer_timeout);
  for (const auto& [page, look] : suspects_) next = std::min(next, look.due);
  return in_round_ && !IsComparing() ? Instant{} : next;
}

AuditFigures Audit::Figures() const {
  AuditFigures figures = figures_;
  figures.running = in_round_;
  figures.leaves_open = suspects_.size() + listing_.pages.size();
  return figures;
}

std::vector<std::string> Audit::TakeLines() {
  std::vector<std::string> lines = std::exchange(lines_, {});
  for (std::string& line : peer_.TakeLines()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace meridian::local
