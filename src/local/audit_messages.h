// What the replicas of a region say to each other about their Merkle trees (local/audit.h).
//
//     owner                         peer
//     AuditRoots      ──>           compares
//                     <── AuditBranches    of the partitions whose roots differ; none: equal
//     AuditLeaves     ──>           of the branches that differ
//                     <── AuditDiffering   names of leaves
//     AuditList       ──>           to all primaries, an interval later
//                     <── AuditRows        what those leaves' rows are, and what was seen
//     AuditMend       ──>           to a replica that is right
//                                   AuditRestore ──> to the one that is wrong
//
// All are bounded; what does not fit waits for the next round.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/codec.h"
#include "crdt/merkle_tree.h"
#include "crdt/row_update.h"
#include "local/ring.h"

namespace meridian::local {

// Partitions, or branches, compared in one message: all that differ fit into its answer.
inline constexpr std::size_t kAuditGroup = 128;

struct PartitionRoot {
  PartitionKey key;
  Fixed64 root;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(key, root);
  }
};
struct AuditRoots {
  std::uint64_t id = 0;
  std::vector<PartitionRoot> partitions;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, partitions);
  }
};

struct PartitionBranches {
  PartitionKey key;
  std::array<Fixed64, crdt::MerkleTree::kBranches> sums;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(key, sums);
  }
};
struct AuditBranches {
  std::uint64_t id = 0;
  std::vector<PartitionBranches> differing;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, differing);
  }
};

struct BranchLeaves {
  PartitionKey key;
  std::uint8_t branch = 0;
  std::array<Fixed64, crdt::MerkleTree::kLeavesPerBranch> sums;

  template <class Archive>
  void save(Archive& archive) const {
    archive(key, branch, sums);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(key, branch, sums);
    codec::Require(branch < crdt::MerkleTree::kBranches, "no such branch");
  }
};
struct AuditLeaves {
  std::uint64_t id = 0;
  std::vector<BranchLeaves> branches;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, branches);
  }
};

struct LeafName {
  PartitionKey key;
  std::uint16_t leaf = 0;

  friend auto operator<=>(const LeafName&, const LeafName&) = default;
  template <class Archive>
  void save(Archive& archive) const {
    archive(key, leaf);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(key, leaf);
    codec::Require(leaf < crdt::MerkleTree::kLeaves, "no such leaf");
  }
};
struct AuditDiffering {
  std::uint64_t id = 0;
  std::vector<LeafName> leaves;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, leaves);
  }
};

// The rows of a leaf from this storage key on; empty: from its first.
struct LeafPage {
  LeafName leaf;
  Bytes from;

  friend auto operator<=>(const LeafPage&, const LeafPage&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(leaf, from);
  }
};
struct AuditList {
  std::uint64_t id = 0;
  std::vector<LeafPage> pages;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, pages);
  }
};

struct VersionPrint {
  crdt::Dot dot;
  Fixed64 print;
  bool live = false;  // not a tombstone

  friend bool operator==(const VersionPrint&, const VersionPrint&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(dot, print, live);
  }
};
// A row as a replica has it on disk.
struct RowPrint {
  Bytes storage_key;
  Fixed64 digest;        // of the stored bytes
  bool readable = true;  // else the rest is empty
  crdt::Context context;
  std::vector<VersionPrint> versions;  // ascending dot

  template <class Archive>
  void serialize(Archive& archive) {
    archive(storage_key, digest, readable, context, versions);
  }
};
struct PageRows {
  LeafPage page;
  Bytes to;               // the page ends before this key; empty: with the leaf
  bool deviates = false;  // the leaf on disk is not what the replica's tree says
  std::vector<RowPrint> rows;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(page, to, deviates, rows);
  }
};
struct AuditRows {
  std::uint64_t id = 0;
  std::vector<PageRows> pages;      // those that fitted, in the order of the list
  std::vector<PartitionSeen> seen;  // of their partitions

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, pages, seen);
  }
};

enum class AuditCause : std::uint8_t {
  kMissingRow,   // no row, though a dot of it was seen
  kLostVersion,  // the row lacks a version whose dot was seen and that nothing overwrote
  kContent,      // another stamp or value under the same dot
  kUnreadable,   // bytes that are no row
  kTree,         // rows are right, the sum in memory is not
  kOrphan,       // a row that nobody else has and no log accounts for: reported, left alone
  kUndecided,    // replicas differ and none can be shown to be right: reported, left alone
};
inline constexpr std::size_t kAuditCauses = 7;
const char* NameOf(AuditCause cause);

// How a copy of a row is to be put right.
struct Mend {
  Bytes storage_key;
  Fixed64 expected;  // digest of the wrong copy; 0: there is none. Else nothing is done
  AuditCause cause = AuditCause::kMissingRow;
  bool replaces = false;  // the wrong copy is worth nothing; else it is joined

  template <class Archive>
  void save(Archive& archive) const {
    archive(storage_key, expected, static_cast<std::uint8_t>(cause), replaces);
  }
  template <class Archive>
  void load(Archive& archive) {
    std::uint8_t number = 0;
    archive(storage_key, expected, number, replaces);
    codec::Require(number < kAuditCauses, "no such cause");
    cause = static_cast<AuditCause>(number);
  }
};
struct AuditMend {
  NodeId to;
  std::vector<Mend> rows;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(to, rows);
  }
};
struct Restored {
  Mend mend;
  crdt::RowUpdate update;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(mend, update);
  }
};
struct AuditRestore {
  std::vector<Restored> rows;
  std::vector<LeafName> recount;  // rows are right; take the sum from them

  template <class Archive>
  void serialize(Archive& archive) {
    archive(rows, recount);
  }
};

}  // namespace meridian::local
