// A node's copies: reads rows, and applies rows from anywhere through one function.
//
//     client, peer, catch-up, another region ──> Apply ──> data row + log rows, in one batch
//
// Apply joins what arrives with what is stored. It is idempotent, commutative and associative, and
// it never refuses; limits bind where a dot is minted. There is no second way to change a row, but
// for the audit's Restore.
//
// A row whose bytes cannot be decoded is no copy: it is not answered with, nothing is minted over
// it and nothing is joined with it, for a join would take its versions for overwritten. It waits
// for the audit, which is told at once.

#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/turn.h"
#include "crdt/row_update.h"
#include "local/dirty_filter.h"
#include "local/minter.h"
#include "local/partition_log.h"
#include "local/partition_trees.h"
#include "local/ring.h"
#include "local/row_cache.h"

namespace meridian::local {

struct ReplicaCounters {
  std::uint64_t rows_applied = 0;      // rows that changed what is stored
  std::uint64_t rows_known = 0;        // rows that brought nothing new
  std::uint64_t versions_dropped = 0;  // seen here and overwritten since (rule 4)
  std::uint64_t rows_refused = 0;      // of a partition this node does not hold
  std::uint64_t rows_unreadable = 0;   // met where a row should be: bytes that are none
};

class Replica {
 public:
  // All outlive this.
  Replica(const Ring& ring, Turn& turn)
      : ring_(ring),
        turn_(turn),
        minter_(ring, turn),
        trees_(ring, turn),
        log_(ring, turn, &trees_) {}

  // Loads the logs. Once, before anything else; then the minter begins.
  void Start();

  bool HasStarted() const { return minter_.HasStarted(); }
  Actor actor() const { return minter_.actor(); }
  Minter& minter() { return minter_; }

  // The stored row; an empty one when there is none. Null: its bytes cannot be decoded. Valid until
  // the next call of anything here, and as long as `scratch`, where it may be.
  const crdt::Row* Look(const Bytes& storage_key, Token token, crdt::Row& scratch);
  // A copy of it; nothing: its bytes cannot be decoded.
  std::optional<crdt::Row> TryRead(const crdt::RowKey& key, Token token) {
    crdt::Row scratch;
    const crdt::Row* const row = Look(crdt::StorageKey(key, token), token, scratch);
    return row == nullptr ? std::nullopt : std::optional(*row);
  }
  // The same for a caller to whom a copy that cannot be read is none.
  crdt::Row Read(const crdt::RowKey& key, Token token) {
    return TryRead(key, token).value_or(crdt::Row{});
  }

  // What an answer that shows this row must wait for; 0: nothing.
  BatchId DurabilityOf(Token token) const { return turn_.Unless(dirty_.LastWrite(token)); }

  // Whether this node is to have the partition and has not all of it (rule 9): it is being filled,
  // or what was here of it is being erased, after which it begins anew. Then it answers no reads.
  bool Lacks(PartitionKey key) const {
    return log_.Holds(key) ? log_.IsFilling(key) : ring_.IsWritten(key, {ring_.self().number});
  }

  // Joins the row with the stored one, marks its dots as seen and logs them. False when this node
  // does not hold the row's partition, or its copy cannot be read until the audit has put it right.
  // `absent`: AbsentOf has just said that nothing is stored under this key.
  bool Apply(crdt::RowUpdate update, bool absent = false);
  // Of rows in the order of their keys, as a page of a partition comes, those that are surely not
  // stored. One scan finds out for all: a node that is being filled has next to nothing, and
  // looking up every row costs it a tenth of its time.
  std::vector<bool> AbsentOf(const std::vector<crdt::RowUpdate>& rows) const;
  // The same for a caller that has just looked at what is stored under this key.
  void ApplyOver(Bytes storage_key, const crdt::Row& stored, crdt::RowUpdate update, Token token);

  // Puts a copy right that the audit has judged wrong: the one place where rule 4 does not bind.
  // `expected` is the digest of the bytes that were judged, 0 for none; when others are stored by
  // now, or the partition is not held, nothing is done. `replaces`: what is stored is worthless.
  bool Restore(const crdt::RowUpdate& update, std::uint64_t expected, bool replaces);

  // Rows that were found unreadable since the last call.
  bool HasUnreadable() const { return !unreadable_.empty(); }
  std::set<Bytes> TakeUnreadable() { return std::exchange(unreadable_, {}); }

  // The disk is full: nothing may be written that need not be.
  void SetReadOnly(bool read_only) { read_only_ = read_only; }
  bool IsReadOnly() const { return read_only_; }
  // What is sent after that batch waits until a full disk has room, and would pile up.
  bool WaitsForRoom(BatchId after) const { return read_only_ && after != BatchId{}; }
  // Begins with one partition more; see PartitionLog::Add.
  void Keep(PartitionKey key, bool from_nothing = false);
  // Takes a row off the disk: its partition is no longer kept here.
  void Erase(Bytes storage_key, Token token);

  const PartitionLog& log() const { return log_; }
  PartitionLog& log() { return log_; }
  const PartitionTrees& trees() const { return trees_; }
  PartitionTrees& trees() { return trees_; }
  const ReplicaCounters& counters() const { return counters_; }

 private:
  void DropOverwritten(crdt::Row& incoming, const crdt::Row& stored, const crdt::SeenVector& seen);
  bool RecordAll(PartitionKey key, const crdt::RowUpdate& update, ByteView storage_key);

  const Ring& ring_;
  Turn& turn_;
  Minter minter_;
  PartitionTrees trees_;
  PartitionLog log_;  // tells trees_
  DirtyFilter dirty_;
  RowCache cache_;
  std::set<Bytes> unreadable_;
  ReplicaCounters counters_;
  bool read_only_ = false;
};

}  // namespace meridian::local
