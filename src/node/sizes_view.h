// How much each partition of a node holds, page by page: JSON of GET /topology/sizes.
//
//     "sizes"       {"sizes": [{"placement": 1, "partition": 7, "rows": 525, "bytes": 131000}],
//                    "next": "1/40", "bytes_per_second": 24000000}
//     "sizes/1/40"  the next page; the last one's "next" is null
//
// Estimates (local/partition_sizes), made when asked for. A partition that is being filled is left
// out: it is not whole here.

#pragma once

#include <optional>

#include "local/partition_log.h"
#include "local/refill.h"
#include "node/client_api.h"

namespace meridian::node {

inline constexpr ByteView kSizesKey = "sizes";

// A partition as pages name it, "1/40"; nothing when the text is something else.
std::string TextOf(local::PartitionKey place);
std::optional<local::PartitionKey> ParsePlace(ByteView text);

// kBadRequest when the key says no place.
ClientAnswer SizesAnswer(const local::Ring& ring, const local::PartitionLog& log,
                         const Storage& disk, const local::RefillOptions& refill, ByteView key);

}  // namespace meridian::node
