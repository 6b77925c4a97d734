// A node's disk in the simulator: what io/rocksdb_storage promises, in memory, and no more.
//
//     Apply(1) Apply(2) Apply(3)  Sync(2)   Apply(4)   Crash
//     reads see every batch       1, 2 are             3 and 4 are gone; with a torn tail
//     at once                     safe                 3 may be left, or 3 and 4
//
// The fault model. A crash keeps everything up to the last Sync and, of the batches after it, a
// prefix: none (kill with the cache lost), or as many as a Random draws (the kernel had written
// some of the log by itself). A batch is never torn, and none survives without those before it. A
// full disk refuses whole batches. Nothing is lost, changed or reordered without a crash, unless a
// test says so by Rot. Between a crash and the next start the disk may be replaced: by an empty
// one, or by an older copy.

#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "base/ports.h"
#include "base/random.h"

namespace meridian::sim {

class SimStorage final : public Storage {
 public:
  // Requires ids that rise since the last crash. kIo, and nothing changed, when the disk is full.
  Result<Done> Apply(const WriteBatch& batch);

  // Batches up to and including this one survive a crash.
  void Sync(BatchId up_to);

  // The process ended here; what is left is what its next start finds. Batch ids begin anew.
  void Crash();
  void Crash(Random& torn_tail);

  // What a crash at this moment would leave.
  SimStorage Copy() const;
  // An empty disk, or this copy, in its place. Both require that the process is down.
  void Lose() { rows_ = {}; }
  void Restore(const SimStorage& copy) { rows_ = copy.rows_; }

  void SetFull(bool full) { full_ = full; }

  // Changes what is stored under a key behind everybody's back; empty: nothing is stored any more.
  void Rot(Column column, const Bytes& key, const std::function<Bytes(const Bytes&)>& alter);

  // Plants a bug: from now on nothing is erased from this column.
  void KeepErased(Column column) { keeps_erased_ = column; }

  BatchId applied() const { return applied_; }
  BatchId synced() const { return synced_; }

  Result<std::optional<Bytes>> Get(Column column, ByteView key) const override;
  Result<std::vector<std::optional<Bytes>>> MultiGet(Column column,
                                                     const std::vector<Bytes>& keys) const override;
  Result<Done> Scan(Column column, ByteView from, ByteView to,
                    const std::function<bool(const Entry&)>& visit) const override;

 private:
  using Rows = std::map<Bytes, Bytes, std::less<>>;

  // An unsynced batch, as the writes that would take it back; to be made in reverse.
  struct Undo {
    BatchId id;
    std::vector<Write> writes;
  };

  const Rows& Of(Column column) const { return rows_[static_cast<std::size_t>(column)]; }
  Rows& Of(Column column) { return rows_[static_cast<std::size_t>(column)]; }
  // Makes the change and returns the one that takes it back.
  Write Exchange(const Write& write);
  void CrashKeeping(std::size_t unsynced_batches);

  std::array<Rows, kColumnCount> rows_;
  std::deque<Undo> unsynced_;  // oldest first
  BatchId applied_;
  BatchId synced_;
  bool full_ = false;
  std::optional<Column> keeps_erased_;
};

}  // namespace meridian::sim
