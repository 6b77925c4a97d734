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

}  // namespace meridian::sim
