// The topology in force as operators and clients are shown it: JSON of GET /topology; and where
// client libraries send their requests.
//
//     {"epoch": 2, "view": 3, "stage": "switched", "complete": false, "awaited": ["us-east-6"],
//     ...}

#pragma once

#include <string>
#include <vector>

#include "local/filling.h"
#include "node/succession.h"

namespace meridian::node {

std::string TopologyJson(const local::Ring& ring, const Succession& succession,
                         const local::FillingFigures& filling, const local::RefillProgress& fill,
                         std::size_t handing_on);

// What is asked for by a key under /topology: "sizes" and its pages (node/sizes_view.h), or a newer
// layout.
ClientAnswer PartOfTopology(const local::Ring& ring, const local::PartitionLog& log,
                            const Storage& disk, const local::RefillOptions& refill,
                            const Bytes& key);

// For a client library that knows the view of this number: an encoded ClientLayout when there is a
// newer one, else nothing.
std::vector<Bytes> NewerLayout(const local::Ring& ring, const Bytes& known_view);

}  // namespace meridian::node
