#include "node/request_rules.h"

namespace meridian::node {

std::optional<ClientAnswer> SizeObjection(const local::Limits& limits,
                                          const ClientRequest& request) {
  if (request.key.empty()) return Refused(Status::kBadRequest, "the key is empty; give one");
  if (request.key.size() > limits.key_bytes) {
    return Refused(Status::kTooLarge, "the key has " + std::to_string(request.key.size()) +
                                          " bytes; at most " + std::to_string(limits.key_bytes) +
                                          " are allowed");
  }
  if (request.value.size() > limits.value_bytes) {
    return Refused(Status::kTooLarge, "the value has " + std::to_string(request.value.size()) +
                                          " bytes; at most " + std::to_string(limits.value_bytes) +
                                          " are allowed");
  }
  return std::nullopt;
}

ClientAnswer Refused(Status status, std::string message) {
  ClientAnswer answer;
  answer.status = status;
  answer.message = std::move(message);
  return answer;
}

std::optional<ClientAnswer> Objection(const local::Ring& ring, const ClientRequest& request) {
  const local::Topology& topology = ring.topology();
  if (auto too_large = SizeObjection(topology.limits, request)) return too_large;
  const local::Namespace* space = topology.FindNamespace(request.space);
  if (space == nullptr) {
    return Refused(Status::kBadRequest, "there is no namespace '" + request.space +
                                            "'; the topology file lists those there are");
  }
  const local::Placement* placement = topology.FindPlacement(space->placement);
  const auto here = placement->replicas.find(ring.self().region);
  if (here == placement->replicas.end()) {
    return Refused(Status::kBadRequest, "namespace '" + request.space + "' is not held in region " +
                                            ring.region().name + "; ask a region of placement '" +
                                            placement->name + "'");
  }
  if (request.replicas > here->second) {
    return Refused(Status::kBadRequest, "asked for " + std::to_string(request.replicas) +
                                            " replicas, but a region has " +
                                            std::to_string(here->second) + " of this namespace");
  }
  if (request.level == Level::kEachQuorum && request.replicas != 0) {
    return Refused(Status::kBadRequest, "each_quorum and a number of replicas exclude each other");
  }
  return std::nullopt;
}

std::size_t ReplicasAsked(const ClientRequest& request, std::size_t primaries) {
  if (request.replicas != 0) return request.replicas;
  switch (request.level) {
    case Level::kOne: return 1;
    case Level::kAll: return primaries;
    case Level::kLocalQuorum:
    case Level::kEachQuorum: return primaries / 2 + 1;
  }
  return primaries;
}

}  // namespace meridian::node
