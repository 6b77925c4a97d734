// The Merkle trees of a node's partitions: kept up on the write path, in memory, exact after a
// crash.
//
//     tree   "snap" | placement (2) | partition (2)               -> version | root | seen digest
//            "leaf" | placement (2) | partition (2) | branch (1)  -> version | its 32 leaves
//            "mark" | placement (2) | partition (2) | leaf (2)    -> nothing: recount this leaf
//
// A snapshot is written in the batch of its partition's seen checkpoint, branches that changed
// only. What changed since then is named by the log's tail, so a write costs no write here: at the
// start the leaves of those rows are recounted from disk. The rare change of a row that logs no dot
// marks its leaf. A snapshot that is missing, of another checkpoint or damaged: the partition is
// recounted.

#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/turn.h"
#include "crdt/merkle_tree.h"
#include "local/partition_log.h"

namespace meridian::local {

class PartitionTrees final : public LogFollower {
 public:
  // Both outlive this.
  PartitionTrees(const Ring& ring, Turn& turn) : ring_(ring), turn_(turn) {}

  bool OnCheckpointRead(PartitionKey key, std::uint64_t digest) override;
  void OnTail(PartitionKey key, ByteView storage_key) override;
  void OnCheckpoint(PartitionKey key, std::uint64_t digest) override;
  // After the log has loaded: recounts what may have changed.
  void FinishLoad();

  // A row is being changed in this turn. `logged`: a dot was logged for it in the same batch.
  void Change(PartitionKey key, Token token, ByteView storage_key, const crdt::Row& before,
              const crdt::Row& after, bool logged);
  // Told of every change of a row's share of its leaf, before the tree has it.
  using Watcher = std::function<void(PartitionKey, std::size_t leaf, ByteView storage_key,
                                     std::uint64_t change)>;
  void Watch(Watcher watcher) { watcher_ = std::move(watcher); }

  // Null: no row of it was ever stored.
  const crdt::MerkleTree* Find(PartitionKey key) const;
  std::uint64_t RootOf(PartitionKey key) const;
  std::uint64_t LeafOf(PartitionKey key, std::size_t leaf) const;
  // What the leaf's rows on disk add up to, this turn's included.
  std::uint64_t Recount(PartitionKey key, std::size_t leaf) const;
  // What is on disk is right.
  void Adopt(PartitionKey key, std::size_t leaf, std::uint64_t sum);
  // The leaf's rows change behind this tree's back: recount it at the next start.
  void Mark(PartitionKey key, std::size_t leaf);
  // The partition is no longer held here.
  void Drop(PartitionKey key);

  std::uint64_t recounted_rows() const { return recounted_rows_; }  // at the start

 private:
  static constexpr std::size_t kBranches = crdt::MerkleTree::kBranches;
  struct State {
    std::bitset<kBranches> changed;  // since the snapshot
    crdt::MerkleTree tree;
    std::bitset<crdt::MerkleTree::kLeaves> dirty;   // while loading: not to be trusted
    std::bitset<crdt::MerkleTree::kLeaves> marked;  // marks on disk
  };
  // Beside each other, where nodes of a map that big would each be far away: every put looks one
  // up.
  struct Place {
    PartitionKey key;
    std::unique_ptr<State> state;
  };
  State& At(PartitionKey key);  // made when it is not there
  bool LoadSnapshot(PartitionKey key, std::uint64_t digest, State& state) const;
  void LoadMarks(PartitionKey key, State& state) const;
  void EraseMarks(PartitionKey key);
  void VisitLeaf(PartitionKey key, std::size_t leaf,
                 const std::function<void(const Entry&)>& visit) const;
  void RecountDirty(PartitionKey key, State& state);
  void RecountAll(PartitionKey key, State& state);

  const Ring& ring_;
  Turn& turn_;
  std::vector<Place> places_;  // ascending keys
  Watcher watcher_;
  std::uint64_t recounted_rows_ = 0;
};

}  // namespace meridian::local
