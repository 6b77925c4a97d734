// What a ring node tells operators: /status as JSON, /metrics as figures. Pure text over counters.

#pragma once

#include <string>

#include "local/audit.h"
#include "local/catch_up.h"
#include "local/coordinator.h"
#include "local/failure_detector.h"
#include "local/fill_source.h"
#include "local/filling.h"
#include "local/gateway_feed.h"
#include "local/handing_on.h"
#include "local/handover.h"
#include "local/refill.h"
#include "local/replica.h"
#include "node/hint_status.h"
#include "node/metrics.h"

namespace meridian::node {

struct NodeFigures {
  const local::Ring& ring;
  const local::Replica& replica;
  const local::Coordinator& coordinator;
  const local::RequestAges& ages;
  const local::CatchUp& catch_up;
  const local::GatewayFeed& feed;
  const local::FailureDetector& detector;
  const local::HintStore& hints;
  const local::Handover& handover;
  const local::Audit& audit;
  const local::Refill& refill;
  const local::FillSource& fill_source;
  const local::Filling& filling;
  const local::HandingOn& handing_on;
  Moment now;
  DiskRoom room = DiskRoom::kPlenty;
  std::uint64_t refused_for_room = 0;
  std::size_t requests_waiting = 0;
  std::uint64_t corrupt_messages = 0;
};

std::string StatusJson(const NodeFigures& figures);
MetricSet MetricsOf(const NodeFigures& figures);

}  // namespace meridian::node
