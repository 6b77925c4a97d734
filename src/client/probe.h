// Asks processes over HTTP how they are: /ready and /status, and what the gateways know of the WAN.
//
// Tolerant of fields that are missing or new: an older or younger process still shows what it has.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "client/sandbox.h"
#include "local/topology.h"

namespace meridian::client {

bool IsReady(const local::Address& http);
// Whether it is a node that runs, and is not a member of the ring yet.
bool AwaitsPlace(const local::Address& http);
// Nothing if it does not answer with a JSON object.
std::optional<nlohmann::json> StatusOf(const local::Address& http);

// What a node itself holds of a key. Nothing if it does not answer so.
std::optional<nlohmann::json> CopyOf(const local::Address& http, const std::string& space,
                                     ByteView key);

// Begins an audit of what the node holds; its figures then. Nothing if it does not begin.
std::optional<nlohmann::json> BeginAudit(const local::Address& http, bool rebuild);

// How far `target` is behind `origin`, as the gateway `told_by` says.
struct Lag {
  std::string origin;
  std::string target;
  std::string told_by;
  bool unknown = false;  // the origin has not been heard of lately: the figures are old
  std::optional<double> seconds;
  std::optional<std::uint64_t> mutations;
  std::optional<double> p50_ms;
  std::optional<double> p99_ms;
  std::optional<double> max_ms;
};

// What a gateway's connection to a peer has carried.
struct LinkFigures {
  std::string gateway;
  std::string peer;
  std::optional<std::uint64_t> bytes_sent;
  std::optional<std::uint64_t> bytes_received;
  std::optional<std::uint64_t> plain_bytes;  // sent, before compression
};

struct WanFigures {
  std::vector<Lag> lags;
  std::vector<LinkFigures> links;
  std::vector<std::string> silent;  // gateways that did not answer
};

WanFigures AskGateways(const local::Topology& topology);

// Whether every region but `origin` is known to hold all that `origin` has. Nothing when a gateway
// does not tell.
std::optional<bool> AllHold(const local::Topology& topology, const WanFigures& figures,
                            const std::string& origin);

}  // namespace meridian::client
