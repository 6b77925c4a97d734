// `meridian demo`: the main job, measured. What scripts/run ends with.
//
//     load into one region -> wait until the gateways say that the others hold all of it
//     -> read everything back there and compare -> a report
//
// "Held" is by a quorum of the region's nodes, as its gateway reports, and the records loaded last
// are read there; the comparison of all then proves it, or takes the figure back. "The others" are
// the regions that hold the namespace; without any there is nothing to show, and it refuses.

#pragma once

#include "client/bulk_command.h"

namespace meridian::client {

int RunDemo(const CommonOptions& common, const BulkArguments& arguments);

}  // namespace meridian::client
