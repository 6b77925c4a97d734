// What a node tells of the hints it keeps: how many, how large, how old, and for whom.
//
//     "hints": {"rows": 12, "bytes": 3400, "oldest_seconds": 40,
//               "for": {"us-east-2": {"rows": 12, "bytes": 3400, "oldest_seconds": 40}}, ...}
//
// A hint that is kept for two primaries counts for each, and once in the whole.

#pragma once

#include <nlohmann/json_fwd.hpp>

#include "local/handover.h"
#include "local/hint_store.h"
#include "local/ring.h"
#include "node/metrics.h"

namespace meridian::node {

struct HintFigures {
  const local::Ring& ring;
  const local::HintStore& hints;
  const local::Handover& handover;
  WallTime now;
};

nlohmann::json HintsJson(const HintFigures& figures);
void AddHintMetrics(const HintFigures& figures, MetricSet& set);

}  // namespace meridian::node
