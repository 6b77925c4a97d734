// `meridian demo`: the main job, measured. What scripts/run ends with.
//
//     load into one region -> wait until the gateways say that the others hold all of it
//     -> read everything back there and compare -> a report
//
// "Held" is by a quorum of the region's nodes, as its gateway reports; the comparison then proves
// it.

#pragma once

#include "client/bulk_command.h"

namespace meridian::client {

int RunDemo(const CommonOptions& common, const BulkArguments& arguments);

}  // namespace meridian::client
