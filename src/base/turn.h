// What one turn of a machine gathers: writes, messages and answers, and the barriers between them.
//
//     turn.Put(Column::kData, key, row);
//     turn.Send(peer, ack, turn.Barrier());     leaves when the row above is durable
//     Output output = turn.Take();              at the end of the turn
//
// Batches are numbered here, one a turn that writes. Reads see the writes of the turn that is still
// open, so two requests for one row in one turn follow each other; so does a Scan of rows. A Scan
// of any other column sees earlier turns only.

#pragma once

#include "base/ports.h"
#include "base/staging.h"

namespace meridian {

class Turn final : public Storage {
 public:
  // `disk` outlives this.
  Turn(ProcessId self, const Storage& disk) : self_(self), disk_(disk) {}

  void Put(Column column, Bytes key, Bytes value) {
    Stage(column, std::move(key), std::move(value));
  }
  void Erase(Column column, Bytes key) { Stage(column, std::move(key), std::nullopt); }
  void Send(ProcessId to, Bytes body, BatchId after = {});
  // What messages bear from now on.
  void SetView(std::uint64_t number) { view_ = number; }
  void Reply(RequestTag tag, Bytes body, BatchId after = {});

  // The batch that the open turn's writes will be.
  BatchId Open() const { return {last_taken_.value + 1}; }
  // When this batch is durable, so is everything written up to now. 0 when all of it is already.
  BatchId Barrier() const;
  // `batch` if there is still something to wait for, else 0.
  BatchId Unless(BatchId batch) const { return batch > durable_ ? batch : BatchId{}; }
  void MarkDurable(BatchId up_to) { durable_ = std::max(durable_, up_to); }
  BatchId durable() const { return durable_; }
  // Whether Scan sees all that was written.
  bool IsClean() const { return output_.writes.writes.empty(); }

  Output Take();

  Result<std::optional<Bytes>> Get(Column column, ByteView key) const override;
  Result<std::vector<std::optional<Bytes>>> MultiGet(Column column,
                                                     const std::vector<Bytes>& keys) const override;
  Result<Done> Scan(Column column, ByteView from, ByteView to,
                    const std::function<bool(const Entry&)>& visit) const override;

 private:
  void Stage(Column column, Bytes key, std::optional<Bytes> value);
  const Write* Staged(Column column, ByteView key) const;
  Result<Done> ScanRows(ByteView from, ByteView to,
                        const std::function<bool(const Entry&)>& visit) const;

  ProcessId self_;
  const Storage& disk_;
  Output output_;
  // Where in output_.writes a row or a hint of this turn is; only these are read back within one.
  static bool IsReadBack(Column column) {
    return column == Column::kData || column == Column::kHint;
  }
  Staging staged_rows_;
  Staging staged_hints_;
  BatchId last_taken_;
  BatchId durable_;
  std::uint64_t view_ = 1;
};

}  // namespace meridian
