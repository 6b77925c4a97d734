// Which faults a run has and how strong they are, drawn from its seed.
//
//     seed 7   loss to 2%/6%; node cuts every 4 s for 2 s; crashes every 1.5 s, torn
//     seed 8   clock steps every 3 s by up to 2 h; pauses every 5 s for 40 s; syncs to 80 ms
//
// A run with every fault at full strength does little else than fail, and some faults hide others;
// so each seed draws how likely a kind is, and by that which kinds it has. Source: Groce et al.,
// "Swarm testing", 2012.

#pragma once

#include <string>

#include "base/random.h"
#include "base/time.h"
#include "sim/sim_network.h"

namespace meridian::sim {

// A fault that comes again and again. Zero `every`: this run has none of the kind.
struct Recurring {
  Duration every{};  // on average
  Duration lasts{};  // at most

  bool is_on() const { return every != Duration{}; }
};

struct Faults {
  LinkQuality in_region;
  LinkQuality between_regions;
  Recurring node_cuts;    // one or two from some or all of their region, in one direction or both
  Recurring region_cuts;  // between two regions, or one and all others
  Recurring node_crashes;
  bool crash_again = false;  // sometimes soon after the start
  bool torn_tails = false;
  std::uint64_t whole_region = 0;  // one crash in so many takes a region's nodes all at once
  Recurring gateway_crashes;
  Recurring blackouts;    // a region is cut off, and soon after loses its power
  Recurring clock_steps;  // `lasts`: by at most
  Recurring pauses;       // a process stands still; then everything reaches it at once
  Recurring lost_disks;   // a node crashes and comes back on an empty disk, or an old copy
  Recurring slowness;     // each turn of a process takes long
  Duration turn_most{};   // of a slow process
  Recurring full_disks;   // little or no room on a node's disk
  Duration sync_most = std::chrono::milliseconds(2);

  std::string ToString() const;
};

Faults DrawFaults(Random& random);

// Even over [low, high].
Duration DrawBetween(Random& random, Duration low, Duration high);

}  // namespace meridian::sim
