// A node's copies: reads rows, and applies rows from anywhere through one function.
//
//     client, peer, catch-up, another region ──> Apply ──> data row + log rows, in one batch
//
// Apply joins what arrives with what is stored. It is idempotent, commutative and associative, and
// it never refuses; limits bind where a dot is minted. There is no second way to change a row.

#pragma once

#include <cstdint>
#include <optional>

#include "base/turn.h"
#include "crdt/row_update.h"
#include "local/dirty_filter.h"
#include "local/minter.h"
#include "local/partition_log.h"
#include "local/ring.h"
#include "local/row_cache.h"

namespace meridian::local {

struct ReplicaCounters {
  std::uint64_t rows_applied = 0;      // rows that changed what is stored
  std::uint64_t rows_known = 0;        // rows that brought nothing new
  std::uint64_t versions_dropped = 0;  // seen here and overwritten since (rule 4)
  std::uint64_t rows_refused = 0;      // of a partition this node does not hold
};

class Replica {
 public:
  // All outlive this.
  Replica(const Ring& ring, Turn& turn)
      : ring_(ring), turn_(turn), minter_(ring, turn), log_(ring, turn) {}

  // Loads the logs. Once, before anything else; then the minter begins.
  void Start();

  bool HasStarted() const { return minter_.HasStarted(); }
  Actor actor() const { return minter_.actor(); }
  Minter& minter() { return minter_; }

  // The stored row; an empty one when there is none.
  crdt::Row Read(const crdt::RowKey& key, Token token);

  // What an answer that shows this row must wait for; 0: nothing.
  BatchId DurabilityOf(Token token) const { return turn_.Unless(dirty_.LastWrite(token)); }

  // Joins the row with the stored one, marks its dots as seen and logs them. False when this node
  // does not hold the row's partition.
  bool Apply(const crdt::RowUpdate& update);
  // The same for a caller that has just read what is stored.
  void ApplyOver(const crdt::Row& stored, const crdt::RowUpdate& update, Token token);

  const PartitionLog& log() const { return log_; }
  PartitionLog& log() { return log_; }
  const ReplicaCounters& counters() const { return counters_; }

 private:
  crdt::Row WithoutOverwritten(const crdt::Row& incoming, const crdt::Row& stored,
                               const crdt::SeenVector& seen);
  bool RecordAll(PartitionKey key, const crdt::RowUpdate& update, ByteView storage_key);

  const Ring& ring_;
  Turn& turn_;
  Minter minter_;
  PartitionLog log_;
  DirtyFilter dirty_;
  RowCache cache_;
  ReplicaCounters counters_;
};

}  // namespace meridian::local
