#include "client/peer_views.h"

#include <algorithm>

namespace meridian::client {
namespace {

using nlohmann::json;

std::optional<double> NumberOf(const json& object, const char* name) {
  const auto field = object.find(name);
  if (field == object.end() || !field->is_number()) return std::nullopt;
  return field->get<double>();
}

std::optional<std::uint64_t> CountOf(const json& object, const char* name) {
  const auto field = object.find(name);
  if (field == object.end() || !field->is_number_unsigned()) return std::nullopt;
  return field->get<std::uint64_t>();
}

void AddView(NodeAsSeen& node, const json& view) {
  if (!view.is_object() || !view.contains("state") || !view["state"].is_string()) return;
  ++node.states[view["state"].get<std::string>()];
  node.incarnation = std::max(node.incarnation, CountOf(view, "incarnation").value_or(0));
  node.phi = std::max(node.phi, NumberOf(view, "phi"));
  const auto silent_ms = CountOf(view, "silent_ms");
  if (!silent_ms || (node.silent_ms && *node.silent_ms <= *silent_ms)) return;
  node.silent_ms = silent_ms;
  node.waiting = CountOf(view, "requests_waiting");
  node.room = view.contains("disk_room") && view["disk_room"].is_string()
                  ? view["disk_room"].get<std::string>()
                  : "";
}

}  // namespace

std::map<std::string, NodeAsSeen> GatherViews(const std::map<std::string, json>& statuses) {
  std::map<std::string, NodeAsSeen> nodes;
  for (const auto& [teller, status] : statuses) {
    const auto peers = status.find("peers");
    if (peers == status.end() || !peers->is_object()) continue;
    for (const auto& [name, view] : peers->items()) AddView(nodes[name], view);
  }
  return nodes;
}

std::string StatesText(const NodeAsSeen& node) {
  if (node.states.empty()) return "-";
  if (node.states.size() == 1) return node.states.begin()->first;
  std::string text;
  for (const char* state : {"down", "suspect", "left", "alive"}) {
    const auto found = node.states.find(state);
    if (found == node.states.end()) continue;
    text += (text.empty() ? "" : ", ") + std::string(state) + " " + std::to_string(found->second);
  }
  return text;
}

}  // namespace meridian::client
