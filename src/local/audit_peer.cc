#include "local/audit_peer.h"

#include "base/fail_stop.h"
#include "local/leaf_list.h"

namespace meridian::local {
namespace {

using crdt::MerkleTree;

constexpr std::size_t kLeavesAnswered = kAuditGroup * crdt::MerkleTree::kLeavesPerBranch;
constexpr std::size_t kListBytesMax = 128 * 1024;
constexpr std::size_t kGiveBytesMax = 256 * 1024;

}  // namespace

void AuditPeer::Send(NodeId to, const RingMessage& message) {
  Bytes body = Pack(message);
  counters_.bytes_sent += body.size();
  turn_.Send(ring_.Process(to), std::move(body), turn_.Barrier());
}

void AuditPeer::OnRoots(NodeId from, const AuditRoots& roots) {
  AuditBranches answer{roots.id, {}};
  for (const PartitionRoot& theirs : roots.partitions) {
    if (!replica_.log().Holds(theirs.key)) continue;
    if (replica_.trees().RootOf(theirs.key) == theirs.root.value) continue;
    if (replica_.log().IsFilling(theirs.key)) continue;  // differs until it is filled
    if (answer.differing.size() == kAuditGroup) break;
    PartitionBranches& differing = answer.differing.emplace_back();
    differing.key = theirs.key;
    const MerkleTree* tree = replica_.trees().Find(theirs.key);
    for (std::size_t i = 0; tree != nullptr && i < MerkleTree::kBranches; ++i) {
      differing.sums[i].value = tree->branches()[i];
    }
  }
  Send(from, answer);
}

void AuditPeer::OnLeaves(NodeId from, const AuditLeaves& leaves) {
  AuditDiffering answer{leaves.id, {}};
  for (const BranchLeaves& theirs : leaves.branches) {
    if (!replica_.log().Holds(theirs.key)) continue;
    for (std::size_t i = 0; i < MerkleTree::kLeavesPerBranch; ++i) {
      const std::size_t leaf = theirs.branch * MerkleTree::kLeavesPerBranch + i;
      const bool differs = replica_.trees().LeafOf(theirs.key, leaf) != theirs.sums[i].value;
      if (differs && answer.leaves.size() < kLeavesAnswered) {
        answer.leaves.push_back({theirs.key, static_cast<std::uint16_t>(leaf)});
      }
    }
  }
  Send(from, answer);
}

AuditRows AuditPeer::List(const AuditList& list) const {
  AuditRows rows{list.id, {}, {}};
  std::size_t bytes = 0;
  for (const LeafPage& page : list.pages) {
    const PartitionKey key = page.leaf.key;
    if (!replica_.log().Holds(key)) continue;
    if (bytes >= kListBytesMax) break;
    rows.pages.push_back(ListPage(turn_, replica_.trees(), ring_.topology().partition_bits, page,
                                  kListBytesMax - bytes));
    for (const RowPrint& row : rows.pages.back().rows) bytes += ApproximateBytes(row);
    if (rows.seen.empty() || rows.seen.back().key != key) {
      rows.seen.push_back({key, replica_.log().Seen(key)});
    }
  }
  return rows;
}

void AuditPeer::OnList(NodeId from, const AuditList& list) {
  Send(from, List(list));
}

void AuditPeer::OnMend(const AuditMend& mend) {
  Give(mend.to, mend.rows);
}

void AuditPeer::Give(NodeId to, const std::vector<Mend>& rows) {
  AuditRestore restore;
  std::size_t bytes = 0;
  for (const Mend& mend : rows) {
    const auto key = crdt::ParseStorageKey(mend.storage_key);
    if (!key || !replica_.log().Holds(ring_.PartitionOfToken(key->placement, key->token())))
      continue;
    // From disk, past the cache: what was judged is what is given.
    const auto stored = OrStop(turn_.Get(Column::kData, mend.storage_key));
    const auto row = crdt::DecodeRow(stored.value_or(Bytes()));
    if (!row) continue;
    restore.rows.push_back({mend, {*key, *row, {}}});
    bytes += restore.rows.back().update.ApproximateBytes();
    if (bytes < kGiveBytesMax) continue;
    Send(to, std::exchange(restore, {}));
    bytes = 0;
  }
  if (!restore.rows.empty()) Send(to, restore);
}

void AuditPeer::OnRestore(NodeId from, const AuditRestore& restore) {
  for (const Restored& one : restore.rows) {
    if (!replica_.Restore(one.update, one.mend.expected.value, one.mend.replaces)) {
      ++counters_.overtaken;
      continue;
    }
    ++counters_.repairs[static_cast<std::size_t>(one.mend.cause)];
    lines_.push_back("audit: key " + one.update.key.key + " repaired (" + NameOf(one.mend.cause) +
                     ") with the copy of " + ring_.topology().NameOf(ring_.Process(from)));
  }
  for (const LeafName& leaf : restore.recount) Recount(leaf);
}

void AuditPeer::Recount(const LeafName& leaf) {
  if (!replica_.log().Holds(leaf.key)) return;
  const std::uint64_t sum = replica_.trees().Recount(leaf.key, leaf.leaf);
  if (sum == replica_.trees().LeafOf(leaf.key, leaf.leaf)) return;
  replica_.trees().Adopt(leaf.key, leaf.leaf, sum);
  ++counters_.repairs[static_cast<std::size_t>(AuditCause::kTree)];
  lines_.push_back("audit: the sum of a leaf was wrong and is taken from its rows");
}

}  // namespace meridian::local
