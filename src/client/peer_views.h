// How the nodes of a region see each other, gathered from their status pages.
//
//     us-east-2:  suspect 1, alive 1   incarnation 4   heard 2.1 s ago   phi 5.3   3 waiting
//
// A node's state is what the others say, so there is one also for a node that does not answer.
// Tolerant of pages without it, as StatusOf is.

#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace meridian::client {

struct NodeAsSeen {
  std::map<std::string, std::size_t> states;  // how many say so
  std::uint64_t incarnation = 0;              // the greatest any of them knows
  std::optional<std::uint64_t> silent_ms;     // of who heard it last
  std::optional<double> phi;                  // the greatest
  std::optional<std::uint64_t> waiting;       // requests, as it told who heard it last
  std::string room;                           // on its disk, likewise
};

// By node; `statuses` are the pages of the nodes that answered.
std::map<std::string, NodeAsSeen> GatherViews(
    const std::map<std::string, nlohmann::json>& statuses);

// "alive" when all say so, else "suspect 2, alive 1"; "-" when nobody says anything.
std::string StatesText(const NodeAsSeen& node);

}  // namespace meridian::client
