// Bugs planted from outside the machines, to show that the checkers catch them
// (tests/sim/planted_bugs_test.cc). The third, acknowledging before the sync, is in SimProcess.

#pragma once

#include "base/bytes.h"
#include "sim/sim_storage.h"

namespace meridian::sim {

// Breaks rule 3: a Replicate message whose rows list every dot that their contexts cover. Other
// messages as they are.
Bytes ListWhatTheContextCovers(const Bytes& body);

// Breaks rule 2: the node will draw the incarnation again that it had last (if nothing else than
// its disk keeps it from doing so).
void ForgetIncarnation(SimStorage& disk);

// Peers remember nothing of a node's disk: a DiskKnown that says so. Without this a node that lost
// what it had acknowledged, or its incarnation, is found out and filled.
Bytes ForgetDisks(const Bytes& body);

// A disk whose node draws incarnations that the clock says nothing of: only the disk tells them.
void DrawAboveTheClock(SimStorage& disk);

}  // namespace meridian::sim
