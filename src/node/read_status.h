// What a ring node tells of its reads: hedges, digests, repairs, and what it dropped because nobody
// waited for it any more. A part of /status and /metrics.
//
//     "reads": {"asks": 81000, "hedges": 900, ..., "p95_ms": {"us-east-2": 1.2}}

#pragma once

#include <nlohmann/json_fwd.hpp>

#include "local/coordinator.h"
#include "local/patience.h"
#include "node/metrics.h"

namespace meridian::node {

nlohmann::json ReadsJson(const local::Ring& ring, const local::Coordinator& coordinator,
                         const local::RequestAges& ages);
void AddReadMetrics(const local::Ring& ring, const local::Coordinator& coordinator,
                    const local::RequestAges& ages, MetricSet& set);

}  // namespace meridian::node
