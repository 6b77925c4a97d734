// Where one key lives and what this node itself holds of it, as JSON; for operators, /ring/{key}.
//
//     {"token": "5f0c...", "partition": 95, "preference_list": ["us-east-2", ...], "primaries": 3,
//      "copy": {"versions": [{"dot": "1.2.7:9", "bytes": 5, ...}], "context": {"1.2.7": 9}}}
//
// Nobody else is asked: to compare the copies, ask each node.

#pragma once

#include <string>

#include "crdt/row_key.h"
#include "local/replica.h"
#include "local/ring.h"
#include "node/client_api.h"

namespace meridian::node {

// Requires that the region holds the key's placement.
std::string CopyJson(const local::Ring& ring, local::Replica& replica, const crdt::RowKey& key);
// The same, or why not.
ClientAnswer CopyAnswer(const local::Ring& ring, local::Replica& replica,
                        const ClientRequest& request);

}  // namespace meridian::node
