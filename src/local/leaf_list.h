// Lists the rows of a leaf as they are on disk, for comparing: keys, dots, hashes; no values.
//
// In pages, for one leaf may hold a set of a million members. This turn's writes are included, so
// what is listed and what is seen belong together.

#pragma once

#include "base/turn.h"
#include "local/audit_messages.h"
#include "local/partition_trees.h"

namespace meridian::local {

// The page, of `bytes_max` or one row. `deviates` is set for leaves of one page only.
PageRows ListPage(const Turn& turn, const PartitionTrees& trees, unsigned partition_bits,
                  const LeafPage& page, std::size_t bytes_max);

RowPrint PrintOfRow(ByteView storage_key, ByteView stored);
// Bytes of the print in a message, roughly.
std::size_t ApproximateBytes(const RowPrint& print);

}  // namespace meridian::local
