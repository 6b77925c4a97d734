#include "client/topology_report.h"

#include <algorithm>
#include <optional>

#include "client/text.h"

namespace meridian::client {
namespace {

using local::Move;
using local::NodeShare;
using local::RegionPlan;
using nlohmann::json;

struct Flow {
  std::size_t copies = 0;
  std::optional<std::uint64_t> bytes = 0;  // none: of some partition nobody tells
};

using Flows = std::map<std::pair<NodeId, NodeId>, Flow>;

// Only copies that somebody gets are carried.
Flows FlowsOf(const RegionPlan& region, const PartitionSizes& sizes) {
  Flows flows;
  const auto known = sizes.find(region.id);
  for (const Move& move : region.moves) {
    Flow& flow = flows[{move.from, move.to}];
    ++flow.copies;
    if (move.to.value == 0) continue;
    std::optional<std::uint64_t> bytes;
    if (known != sizes.end()) {
      const auto size = known->second.bytes.find(move.key);
      if (size != known->second.bytes.end()) bytes = size->second;
    }
    if (!bytes) flow.bytes.reset();
    if (flow.bytes) *flow.bytes += *bytes;
  }
  return flows;
}

Flow TotalOf(const Flows& flows) {
  Flow total;
  for (const auto& [pair, flow] : flows) {
    if (pair.second.value == 0) continue;
    total.copies += flow.copies;
    if (!flow.bytes) total.bytes.reset();
    if (total.bytes) *total.bytes += *flow.bytes;
  }
  return total;
}

// How long it takes at least, by the node that gains most.
std::optional<double> SecondsAtLeast(const RegionPlan& region, const Flows& flows,
                                     const PartitionSizes& sizes) {
  const auto known = sizes.find(region.id);
  if (known == sizes.end() || known->second.bytes_per_second == 0) return std::nullopt;
  std::map<NodeId, std::uint64_t> gained;
  std::uint64_t most = 0;
  for (const auto& [pair, flow] : flows) {
    if (pair.second.value == 0) continue;
    if (!flow.bytes) return std::nullopt;
    most = std::max(most, gained[pair.second] += *flow.bytes);
  }
  return static_cast<double>(most) / static_cast<double>(known->second.bytes_per_second);
}

// "about 61.4 MB; at least 3 s, at 24.0 MB/s to a node", or why that is not known.
std::string BytesText(const RegionPlan& region, const Flows& flows, const Flow& total,
                      const PartitionSizes& sizes) {
  const auto known = sizes.find(region.id);
  if (known == sizes.end()) return "bytes unknown: no node of " + region.name + " answered";
  if (!total.bytes) {
    return "bytes unknown: of some partitions that move, nobody who holds them answered";
  }
  std::string text = "about " + FormatBytes(*total.bytes);
  if (const auto seconds = SecondsAtLeast(region, flows, sizes)) {
    text += "; at least " + FormatNumber(*seconds, *seconds < 10 ? 1 : 0) + " s, at " +
            FormatBytes(known->second.bytes_per_second) + "/s to a node";
  }
  return text;
}

std::string NameIn(const RegionPlan& region, NodeId id) {
  const auto found = std::ranges::find(region.shares, id, &NodeShare::id);
  return found == region.shares.end() ? "-" : found->name;
}

std::string BytesCell(const std::optional<std::uint64_t>& bytes) {
  return bytes ? FormatBytes(*bytes) : "-";
}

// The largest distances below and above what the weights ask for, in copies.
std::pair<double, double> Deviation(const RegionPlan& region) {
  double least = 0;
  double most = 0;
  for (const NodeShare& share : region.shares) {
    const double off = static_cast<double>(share.after) - share.by_weight;
    least = std::min(least, off);
    most = std::max(most, off);
  }
  return {least, most};
}

std::string RegionText(const RegionPlan& region, const PartitionSizes& sizes) {
  const Flows flows = FlowsOf(region, sizes);
  const Flow total = TotalOf(flows);
  std::string text = "\n" + region.name + ": ";
  if (region.moves.empty()) {
    text += "nothing moves\n";
  } else {
    const double part = region.copies == 0 ? 0
                                           : 100.0 * static_cast<double>(total.copies) /
                                                 static_cast<double>(region.copies);
    text += FormatCount(total.copies) + " of " + FormatCount(region.copies) + " copies move (" +
            FormatNumber(part, 1) + " %), " + BytesText(region, flows, total, sizes) + "\n";
    Table table({"from", "to", "copies", "bytes"});
    for (const auto& [pair, flow] : flows) {
      table.Add({NameIn(region, pair.first), NameIn(region, pair.second), FormatCount(flow.copies),
                 pair.second.value == 0 ? "-" : BytesCell(flow.bytes)});
    }
    text += table.Text() + "\n";
  }
  Table balance({"node", "weight", "copies before", "after", "by weight"});
  for (const NodeShare& share : region.shares) {
    balance.Add({share.name, FormatCount(share.weight), FormatCount(share.before),
                 FormatCount(share.after), FormatNumber(share.by_weight, 1)});
  }
  const auto [least, most] = Deviation(region);
  return text + balance.Text() + "from " + FormatNumber(least, 1) + " to +" +
         FormatNumber(most, 1) + " copies off the weights; racks " +
         std::to_string(region.racks_before) + " before, " + std::to_string(region.racks_after) +
         " after; " + FormatCount(region.badly_spread) + " partitions in fewer racks than copies\n";
}

std::string Lines(const std::string& heading, const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string text = heading + "\n";
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text;
}

template <class Number>
json JsonOf(const std::optional<Number>& number) {
  return number ? json(*number) : json(nullptr);
}

json PartitionsJson(const RegionPlan& region, const PartitionSizes& sizes) {
  json partitions = json::array();
  const auto known = sizes.find(region.id);
  for (const Move& move : region.moves) {
    std::optional<std::uint64_t> bytes;
    if (move.to.value == 0) bytes = 0;
    if (move.to.value != 0 && known != sizes.end()) {
      const auto size = known->second.bytes.find(move.key);
      if (size != known->second.bytes.end()) bytes = size->second;
    }
    partitions.push_back({{"placement", move.key.placement.value},
                          {"partition", move.key.partition.value},
                          {"from", move.from.value == 0 ? json() : json(move.from.value)},
                          {"to", move.to.value == 0 ? json() : json(move.to.value)},
                          {"bytes", JsonOf(bytes)}});
  }
  return partitions;
}

json RegionJson(const RegionPlan& region, const PartitionSizes& sizes) {
  const Flows flows = FlowsOf(region, sizes);
  const Flow total = TotalOf(flows);
  json moves = json::array();
  for (const auto& [pair, flow] : flows) {
    moves.push_back({{"from", pair.first.value == 0 ? json() : json(NameIn(region, pair.first))},
                     {"to", pair.second.value == 0 ? json() : json(NameIn(region, pair.second))},
                     {"copies", flow.copies},
                     {"bytes", pair.second.value == 0 ? json(0) : JsonOf(flow.bytes)}});
  }
  json nodes = json::array();
  for (const NodeShare& share : region.shares) {
    nodes.push_back({{"name", share.name},
                     {"weight", share.weight},
                     {"before", share.before},
                     {"after", share.after},
                     {"by_weight", share.by_weight}});
  }
  return {{"copies", region.copies},
          {"copies_moving", total.copies},
          {"bytes_moving", JsonOf(total.bytes)},
          {"seconds_at_least", JsonOf(SecondsAtLeast(region, flows, sizes))},
          {"flows", moves},
          {"partitions", PartitionsJson(region, sizes)},
          {"nodes", nodes},
          {"racks_before", region.racks_before},
          {"racks_after", region.racks_after},
          {"badly_spread", region.badly_spread}};
}

}  // namespace

std::string PlanText(const local::TopologyPlan& plan, const PartitionSizes& sizes) {
  std::string text = Lines("changes:", plan.changes);
  if (plan.changes.empty()) text = "nothing changes\n";
  for (const RegionPlan& region : plan.regions) text += RegionText(region, sizes);
  text += plan.risks.empty() ? "" : "\n" + Lines("risks:", plan.risks);
  text += plan.refusals.empty() ? "" : "\n" + Lines("refused:", plan.refusals);
  return text;
}

json PlanJson(const local::TopologyPlan& plan, const PartitionSizes& sizes) {
  json regions = json::object();
  for (const RegionPlan& region : plan.regions) regions[region.name] = RegionJson(region, sizes);
  return {{"changes", plan.changes},
          {"risks", plan.risks},
          {"refusals", plan.refusals},
          {"regions", regions}};
}

}  // namespace meridian::client
