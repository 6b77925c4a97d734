#include "local/partition_trees.h"

#include <algorithm>

#include "base/big_endian.h"
#include "base/fail_stop.h"
#include "crdt/row_key.h"

namespace meridian::local {
namespace {

using crdt::MerkleTree;

constexpr std::uint8_t kSnapshotVersion = 1;
// With more to recount than this, one pass over the partition is quicker than a seek a leaf.
constexpr std::size_t kLeavesSoughtMax = 128;

struct SnapshotHead {
  Fixed64 root;
  Fixed64 seen;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(root, seen);
  }
};
using SnapshotBranch = std::array<Fixed64, MerkleTree::kLeavesPerBranch>;

Bytes KeyIn(ByteView kind, PartitionKey key) {
  Bytes bytes(kind);
  AppendBigEndian(bytes, key.placement.value);
  AppendBigEndian(bytes, key.partition.value);
  return bytes;
}
Bytes HeadKey(PartitionKey key) {
  return KeyIn("snap", key);
}
Bytes BranchKey(PartitionKey key, std::size_t branch) {
  return KeyIn("leaf", key) + static_cast<char>(branch);
}
Bytes MarkKey(PartitionKey key, std::size_t leaf) {
  Bytes bytes = KeyIn("mark", key);
  AppendBigEndian(bytes, static_cast<std::uint16_t>(leaf));
  return bytes;
}

// Rows that cannot be read add nothing.
std::uint64_t ShareOf(const Entry& entry) {
  const auto row = crdt::DecodeRow(entry.value);
  return row ? crdt::SumOf(entry.key, *row) : 0;
}

}  // namespace

PartitionTrees::State& PartitionTrees::At(PartitionKey key) {
  auto found = std::ranges::lower_bound(places_, key, {}, &Place::key);
  if (found == places_.end() || found->key != key) {
    found = places_.insert(found, {key, std::make_unique<State>()});
  }
  return *found->state;
}

bool PartitionTrees::LoadSnapshot(PartitionKey key, std::uint64_t digest, State& state) const {
  const auto stored = OrStop(turn_.Get(Column::kTree, HeadKey(key)));
  if (!stored) return false;
  const auto head = DecodeVersioned<SnapshotHead>(kSnapshotVersion, *stored);
  if (!head || head->seen.value != digest) return false;
  bool whole = true;
  const Bytes end = BranchKey(key, MerkleTree::kBranches);
  OrStop(turn_.Scan(Column::kTree, BranchKey(key, 0), end, [&](const Entry& entry) {
    const auto branch = DecodeVersioned<SnapshotBranch>(kSnapshotVersion, entry.value);
    if (!branch) return whole = false;
    const auto first = static_cast<std::uint8_t>(entry.key.back()) * MerkleTree::kLeavesPerBranch;
    for (std::size_t i = 0; i < branch->size(); ++i) state.tree.Add(first + i, (*branch)[i].value);
    return true;
  }));
  return whole && state.tree.root() == head->root.value;
}

void PartitionTrees::LoadMarks(PartitionKey key, State& state) const {
  const Bytes end = MarkKey(key, MerkleTree::kLeaves);
  OrStop(turn_.Scan(Column::kTree, MarkKey(key, 0), end, [&](const Entry& entry) {
    state.marked.set(ReadBigEndian<std::uint16_t>(entry.key.substr(entry.key.size() - 2)));
    return true;
  }));
}

bool PartitionTrees::OnCheckpointRead(PartitionKey key, std::uint64_t digest) {
  State& state = At(key);
  LoadMarks(key, state);
  if (LoadSnapshot(key, digest, state)) {
    state.dirty = state.marked;
    return true;
  }
  state.tree = {};
  state.dirty.set();
  return false;
}

void PartitionTrees::OnTail(PartitionKey key, ByteView storage_key) {
  State& state = At(key);
  if (storage_key.size() < 10) {
    state.dirty.set();
    return;
  }
  const Token token{ReadBigEndian<std::uint64_t>(storage_key.substr(2))};
  state.dirty.set(crdt::LeafOf(token, ring_.topology().partition_bits));
}

void PartitionTrees::FinishLoad() {
  for (const Place& place : places_) {
    State& state = *place.state;
    if (state.dirty.none()) continue;
    if (state.dirty.count() > kLeavesSoughtMax) {
      RecountAll(place.key, state);
    } else {
      RecountDirty(place.key, state);
    }
    state.dirty.reset();
  }
}

void PartitionTrees::RecountDirty(PartitionKey key, State& state) {
  for (std::size_t leaf = 0; leaf < MerkleTree::kLeaves; ++leaf) {
    if (!state.dirty.test(leaf)) continue;
    std::uint64_t sum = 0;
    VisitLeaf(key, leaf, [&](const Entry& entry) {
      sum += ShareOf(entry);
      ++recounted_rows_;
    });
    state.tree.Set(leaf, sum);
    state.changed.set(leaf / MerkleTree::kLeavesPerBranch);
  }
}

// Clean leaves keep what the snapshot says: rows on disk may deviate from it, and that is for the
// audit to find.
void PartitionTrees::RecountAll(PartitionKey key, State& state) {
  const unsigned bits = ring_.topology().partition_bits;
  MerkleTree counted;
  OrStop(turn_.Scan(Column::kData, crdt::LeafBegin(key, 0, bits),
                    crdt::LeafBegin(key, MerkleTree::kLeaves, bits), [&](const Entry& entry) {
                      const Token token{ReadBigEndian<std::uint64_t>(entry.key.substr(2))};
                      counted.Add(crdt::LeafOf(token, bits), ShareOf(entry));
                      ++recounted_rows_;
                      return true;
                    }));
  for (std::size_t leaf = 0; leaf < MerkleTree::kLeaves; ++leaf) {
    if (state.dirty.test(leaf)) state.tree.Set(leaf, counted.leaf(leaf));
  }
  state.changed.set();
}

void PartitionTrees::Change(PartitionKey key, Token token, ByteView storage_key,
                            const crdt::Row& before, const crdt::Row& after, bool logged) {
  const std::uint64_t change = crdt::SumChange(storage_key, before, after);
  if (change == 0) return;
  State& state = At(key);
  const std::size_t leaf = crdt::LeafOf(token, ring_.topology().partition_bits);
  if (watcher_) watcher_(key, leaf, storage_key, change);
  state.tree.Add(leaf, change);
  state.changed.set(leaf / MerkleTree::kLeavesPerBranch);
  if (!logged) Mark(key, leaf);
}

void PartitionTrees::Mark(PartitionKey key, std::size_t leaf) {
  State& state = At(key);
  if (state.marked.test(leaf)) return;
  state.marked.set(leaf);
  turn_.Put(Column::kTree, MarkKey(key, leaf), {});
}

void PartitionTrees::OnCheckpoint(PartitionKey key, std::uint64_t digest) {
  State& state = At(key);
  for (std::size_t branch = 0; branch < kBranches; ++branch) {
    if (!state.changed.test(branch)) continue;
    SnapshotBranch leaves;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      leaves[i].value = state.tree.leaf(branch * MerkleTree::kLeavesPerBranch + i);
    }
    turn_.Put(Column::kTree, BranchKey(key, branch), EncodeVersioned(kSnapshotVersion, leaves));
  }
  turn_.Put(Column::kTree, HeadKey(key),
            EncodeVersioned(kSnapshotVersion, SnapshotHead{{state.tree.root()}, {digest}}));
  for (std::size_t leaf = 0; leaf < MerkleTree::kLeaves; ++leaf) {
    if (state.marked.test(leaf)) turn_.Erase(Column::kTree, MarkKey(key, leaf));
  }
  state.changed.reset();
  state.marked.reset();
}

const MerkleTree* PartitionTrees::Find(PartitionKey key) const {
  const auto found = std::ranges::lower_bound(places_, key, {}, &Place::key);
  return found == places_.end() || found->key != key ? nullptr : &found->state->tree;
}

std::uint64_t PartitionTrees::RootOf(PartitionKey key) const {
  const MerkleTree* tree = Find(key);
  return tree == nullptr ? 0 : tree->root();
}

std::uint64_t PartitionTrees::LeafOf(PartitionKey key, std::size_t leaf) const {
  const MerkleTree* tree = Find(key);
  return tree == nullptr ? 0 : tree->leaf(leaf);
}

void PartitionTrees::VisitLeaf(PartitionKey key, std::size_t leaf,
                               const std::function<void(const Entry&)>& visit) const {
  const unsigned bits = ring_.topology().partition_bits;
  OrStop(turn_.Scan(Column::kData, crdt::LeafBegin(key, leaf, bits),
                    crdt::LeafBegin(key, leaf + 1, bits), [&](const Entry& entry) {
                      visit(entry);
                      return true;
                    }));
}

std::uint64_t PartitionTrees::Recount(PartitionKey key, std::size_t leaf) const {
  std::uint64_t sum = 0;
  VisitLeaf(key, leaf, [&](const Entry& entry) { sum += ShareOf(entry); });
  return sum;
}

void PartitionTrees::Adopt(PartitionKey key, std::size_t leaf, std::uint64_t sum) {
  State& state = At(key);
  state.tree.Set(leaf, sum);
  state.changed.set(leaf / MerkleTree::kLeavesPerBranch);
  Mark(key, leaf);
}

// Marks of this turn are not on disk yet, and after a restart only the disk knows of any.
void PartitionTrees::EraseMarks(PartitionKey key) {
  const auto place = std::ranges::find(places_, key, &Place::key);
  for (std::size_t leaf = 0; place != places_.end() && leaf < MerkleTree::kLeaves; ++leaf) {
    if (place->state->marked.test(leaf)) turn_.Erase(Column::kTree, MarkKey(key, leaf));
  }
  OrStop(turn_.Scan(Column::kTree, MarkKey(key, 0), MarkKey(key, MerkleTree::kLeaves),
                    [&](const Entry& entry) {
                      turn_.Erase(Column::kTree, Bytes(entry.key));
                      return true;
                    }));
}

void PartitionTrees::Drop(PartitionKey key) {
  EraseMarks(key);
  std::erase_if(places_, [&](const Place& place) { return place.key == key; });
  turn_.Erase(Column::kTree, HeadKey(key));
  for (std::size_t branch = 0; branch < kBranches; ++branch) {
    turn_.Erase(Column::kTree, BranchKey(key, branch));
  }
}

}  // namespace meridian::local
