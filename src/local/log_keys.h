// Keys and values of the `log` column and of the seen vectors' checkpoints in `meta`.
//
//     log   placement (2) | partition (2) | actor (8) | sequence (8)
//           -> version (1) | the row's storage key without placement and token
//     meta  "seen" | placement (2) | partition (2)  ->  version (1) | seen vector
//           "filling" | placement (2) | partition (2)  ->  nothing: the partition lacks rows
//
// Big endian, so a partition's log is contiguous and an actor's dots are in order. The token is
// left out of the value: it is a function of the rest.

#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/dot.h"
#include "local/ring.h"

namespace meridian::local {

Bytes LogKey(PartitionKey partition, const crdt::Dot& dot);
// The first key after every dot of the partition.
Bytes LogEnd(PartitionKey partition);
// Requires a key made by LogKey.
crdt::Dot DotOfLogKey(ByteView log_key);

Bytes LogValue(ByteView storage_key);
// The row's storage key; kCorrupt when `value` is no log value.
Result<Bytes> StorageKeyOfLog(PartitionKey partition, ByteView value);

Bytes SeenCheckpointKey(PartitionKey partition);
Bytes FillingKey(PartitionKey partition);

}  // namespace meridian::local
