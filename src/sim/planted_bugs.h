// Bugs planted from outside the machines, to show that the checkers catch them
// (tests/sim/planted_bugs_test.cc). Acknowledging before the sync is in SimProcess, a disk that
// erases no rows in SimStorage.

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

// Breaks rule 8: what is to be replicated is lost on its way, but acknowledged; so a hint is
// dropped that nobody holds. Other messages as they are.
Bytes LoseRows(const Bytes& body);

// Replicas mark one write in eight as seen and do not keep it.
Bytes DropVersions(const Bytes& body);

// Who is asked for a row has none, as if nodes that are being filled answered reads (rule 9).
Bytes HideRows(const Bytes& body);

// Who is told a view by another gets one that was decided nowhere.
Bytes AlterViews(const Bytes& body);

}  // namespace meridian::sim
