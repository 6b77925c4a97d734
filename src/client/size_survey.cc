#include "client/size_survey.h"

#include <algorithm>
#include <chrono>

#include "io/http_client.h"
#include "node/sizes_view.h"

namespace meridian::client {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kPageTimeout{2000};
constexpr const char* kFirstPage = "/topology/sizes";

std::uint64_t NumberOr0(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

void AskNode(const local::Node& node, RegionSizes& sizes) {
  io::HttpClient client("http://" + node.http.host + ':' + std::to_string(node.http.port),
                        kPageTimeout);
  std::string path = kFirstPage;
  std::optional<crdt::PartitionKey> place;
  for (;;) {
    const auto reply = client.Fetch({.method = "GET", .path = path});
    if (!reply || reply->status != 200) return;
    const auto next = AddPage(reply->body, sizes);
    // Pages ascend, so they end.
    if (!next || (place && *next <= *place)) return;
    place = next;
    path = kFirstPage + ('/' + node::TextOf(*next));
  }
}

}  // namespace

std::optional<crdt::PartitionKey> AddPage(const std::string& body, RegionSizes& sizes) {
  const json page = json::parse(body, nullptr, false);
  if (!page.is_object() || !page.contains("sizes") || !page["sizes"].is_array()) {
    return std::nullopt;
  }
  sizes.answered = true;
  sizes.bytes_per_second = std::max(sizes.bytes_per_second, NumberOr0(page, "bytes_per_second"));
  for (const json& size : page["sizes"]) {
    if (!size.is_object()) continue;
    const crdt::PartitionKey key{{static_cast<std::uint16_t>(NumberOr0(size, "placement"))},
                                 {static_cast<std::uint16_t>(NumberOr0(size, "partition"))}};
    std::uint64_t& known = sizes.bytes[key];
    known = std::max(known, NumberOr0(size, "bytes"));
  }
  const auto next = page.find("next");
  if (next == page.end() || !next->is_string()) return std::nullopt;
  return node::ParsePlace(next->get<std::string>());
}

PartitionSizes AskSizes(const local::Topology& present, const local::TopologyPlan& plan) {
  PartitionSizes all;
  for (const local::RegionPlan& moving : plan.regions) {
    const local::Region* region = present.FindRegion(moving.id);
    if (region == nullptr || moving.moves.empty()) continue;
    RegionSizes sizes;
    for (const local::Node& node : region->nodes) AskNode(node, sizes);
    if (sizes.answered) all.emplace(moving.id, std::move(sizes));
  }
  return all;
}

}  // namespace meridian::client
