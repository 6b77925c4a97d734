// The Merkle audit in /status and /metrics. Pure text over counters.

#pragma once

#include <nlohmann/json.hpp>

#include "local/audit.h"
#include "node/metrics.h"

namespace meridian::node {

nlohmann::json AuditJson(Instant now, const local::Replica& replica, const local::Audit& audit);
void AddAuditMetrics(Instant now, const local::Replica& replica, const local::Audit& audit,
                     MetricSet& set);

}  // namespace meridian::node
