// What a client is told of how its put or get went.
//
//     kDone, one live version        200, its value, a context
//     kDone, several                 300, each value once
//     kTimedOut of a put             504, "1 of 2 replicas answered in time", maybe
//
// `maybe` says that the write may have been done all the same; it is set here only where the
// outcome itself leaves it open.

#pragma once

#include "base/ports.h"
#include "local/operations.h"
#include "local/topology.h"
#include "node/client_api.h"

namespace meridian::node {

ClientAnswer AnswerOf(const local::Outcome& outcome, bool is_get, const local::Topology& topology,
                      const Signer& signer);

}  // namespace meridian::node
