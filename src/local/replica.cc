#include "local/replica.h"

#include "base/fail_stop.h"

namespace meridian::local {

void Replica::Start() {
  minter_.Load();
  log_.Load();
}

crdt::Row Replica::Read(const crdt::RowKey& key, Token token) {
  const Bytes storage_key = crdt::StorageKey(key, token);
  if (const crdt::Row* cached = cache_.Find(token, storage_key)) return *cached;
  const auto bytes = OrStop(turn_.Get(Column::kData, storage_key));
  crdt::Row row = bytes ? OrStop(crdt::DecodeRow(*bytes)) : crdt::Row{};
  cache_.Store(token, storage_key, row);
  return row;
}

bool Replica::Apply(const crdt::RowUpdate& update) {
  const Token token = update.key.token();
  if (!log_.Holds(ring_.PartitionOfToken(update.key.placement, token))) {
    ++counters_.rows_refused;
    return false;
  }
  ApplyOver(Read(update.key, token), update, token);
  return true;
}

void Replica::ApplyOver(const crdt::Row& stored, const crdt::RowUpdate& update, Token token) {
  const PartitionKey key = ring_.PartitionOfToken(update.key.placement, token);
  const Namespace* space = ring_.topology().FindNamespace(update.key.space);
  const Policy policy = space == nullptr ? Policy::kSiblings : space->policy;
  Bytes storage_key = crdt::StorageKey(update.key, token);
  const crdt::Row incoming = WithoutOverwritten(update.row, stored, log_.Seen(key));
  crdt::Row joined = crdt::Join(stored, incoming, policy);
  const bool recorded = RecordAll(key, update, storage_key);
  // A row that was collected here leaves no trace when it arrives late, not even its context.
  const bool collected = stored.context.empty() && incoming.versions.empty() && !recorded;
  const bool changed = joined != stored && !collected;
  if (changed) {
    cache_.Store(token, storage_key, joined);
    turn_.Put(Column::kData, std::move(storage_key), crdt::EncodeRow(joined));
  }
  if (changed || recorded) dirty_.Mark(token, turn_.Open());
  ++(changed ? counters_.rows_applied : counters_.rows_known);
}

// Rule 4: a version whose dot is seen here but which the stored row no longer has was overwritten
// or collected here; joined again it would come back from the dead.
crdt::Row Replica::WithoutOverwritten(const crdt::Row& incoming, const crdt::Row& stored,
                                      const crdt::SeenVector& seen) {
  crdt::Row kept;
  kept.context = incoming.context;
  for (const crdt::Version& version : incoming.versions) {
    if (stored.Has(version.dot) || !seen.Contains(version.dot)) {
      kept.versions.push_back(version);
    } else {
      ++counters_.versions_dropped;
    }
  }
  return kept;
}

// Rule 3: exactly the dots that the sender listed and those present as versions.
bool Replica::RecordAll(PartitionKey key, const crdt::RowUpdate& update, ByteView storage_key) {
  bool recorded = false;
  for (const crdt::Version& version : update.row.versions) {
    recorded |= log_.Record(key, version.dot, storage_key);
  }
  for (const crdt::Dot& dot : update.listed) recorded |= log_.Record(key, dot, storage_key);
  return recorded;
}

}  // namespace meridian::local
