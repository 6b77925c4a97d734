// What a client request must satisfy before anything is done about it, and how many replicas it
// asks for. Pure.

#pragma once

#include <optional>

#include "local/ring.h"
#include "node/client_api.h"

namespace meridian::node {

ClientAnswer Refused(Status status, std::string message);

// What is wrong with the sizes of key and value; nothing when all is well.
std::optional<ClientAnswer> SizeObjection(const local::Limits& limits,
                                          const ClientRequest& request);
// What is wrong with a get, put or delete, as its answer; nothing when all is well.
std::optional<ClientAnswer> Objection(const local::Ring& ring, const ClientRequest& request);

// R or W: the number given, or what the level means for N primaries.
std::size_t ReplicasAsked(const ClientRequest& request, std::size_t primaries);

}  // namespace meridian::node
