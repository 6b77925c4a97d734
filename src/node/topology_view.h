// The topology in force as operators and clients are shown it: JSON of GET /topology.
//
//     {"epoch": 2, "view": 3, "stage": "switched", "complete": false, "awaited": ["us-east-6"],
//     ...}

#pragma once

#include <string>

#include "local/filling.h"
#include "node/succession.h"

namespace meridian::node {

std::string TopologyJson(const local::Ring& ring, const Succession& succession,
                         const local::FillingFigures& filling, const local::RefillProgress& fill,
                         std::size_t handing_on);

}  // namespace meridian::node
