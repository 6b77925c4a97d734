// The topology as people write it: YAML text in, a valid local::Topology or every mistake out.
//
//     regions:
//       us-east:
//         nodes:
//           us-east-1: {id: 1, rack: a, host: 127.0.0.1, htpp: 7101, ring: 7111, client: 7121}
//
//     three.yaml:4: node us-east-1: unknown key "htpp"; did you mean "http"?
//     three.yaml:4: node us-east-1: "http" is missing; add a port from 1 to 65535
//
// config/topologies/three-regions.yaml shows and explains every field. All mistakes are told at
// once, each with its line and what to do. What is returned keeps the invariants that
// local/topology.h promises. The text is trusted no further than its size: at most
// kTopologyBytesMax is looked at.

#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "local/topology.h"

namespace meridian::node {

inline constexpr std::size_t kTopologyBytesMax = 1 << 20;

struct TopologyMistake {
  int line = 0;      // from 1
  std::string text;  // what is wrong; what to do
};

std::variant<local::Topology, std::vector<TopologyMistake>> ParseTopology(const std::string& text);

// One line a mistake: "file:line: text\n".
std::string FormatMistakes(const std::string& file, const std::vector<TopologyMistake>& mistakes);

}  // namespace meridian::node
