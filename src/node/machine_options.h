// What a machine is made from, besides its disk: who it is, in which topology, with which figures.
//
// Defaults are what runs in production; the simulator draws its own.

#pragma once

#include "base/disk_room.h"
#include "base/ids.h"
#include "local/audit.h"
#include "local/catch_up.h"
#include "local/coordinator.h"
#include "local/disk_check.h"
#include "local/failure_detector.h"
#include "local/filling.h"
#include "local/handing_on.h"
#include "local/handover.h"
#include "local/hint_store.h"
#include "local/refill.h"
#include "local/topology.h"
#include "node/succession.h"

namespace meridian::node {

struct RingNodeOptions {
  local::Topology topology;  // the file; what was applied since counts for more
  ProcessId self;
  std::uint64_t chance = 0;          // drawn anew at every start
  const DiskGauge* gauge = nullptr;  // outlives the machine; null: there is always room
  local::CoordinatorOptions coordinator;
  local::CatchUpOptions catch_up;
  local::FailureDetectorOptions failure_detector;
  local::HintOptions hints;
  local::HandoverOptions handover;
  local::AuditOptions audit;
  local::RefillOptions refill;
  local::DiskCheckOptions disk_check;
  SuccessionOptions succession;
  local::FillingOptions filling;
  local::HandingOnOptions handing_on;
  Duration timeout_default = std::chrono::seconds(2);
  Duration timeout_max = std::chrono::seconds(60);
  Duration checkpoint_interval = std::chrono::seconds(10);

  DiskRoom Room() const { return gauge == nullptr ? DiskRoom::kPlenty : gauge->Room(); }
};

}  // namespace meridian::node
