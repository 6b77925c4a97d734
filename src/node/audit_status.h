// The Merkle audit in /status and /metrics, text over counters; and on request, /audit.

#pragma once

#include <nlohmann/json.hpp>

#include "local/audit.h"
#include "node/client_api.h"
#include "node/metrics.h"

namespace meridian::node {

nlohmann::json AuditJson(Instant now, const local::Replica& replica, const local::Audit& audit);
void AddAuditMetrics(Instant now, const local::Replica& replica, const local::Audit& audit,
                     MetricSet& set);

// An operator's: of the partitions this node audits, or with the key "rebuild" of its own rows.
ClientAnswer BeginAudit(Moment now, const local::Replica& replica, local::Audit& audit,
                        const ClientRequest& request);

}  // namespace meridian::node
