#include "sim/rest_checker.h"

#include <algorithm>
#include <array>

#include "base/fail_stop.h"
#include "node/metrics.h"

namespace meridian::sim {
namespace {

constexpr std::array<std::string_view, 9> kZeroAtRest{"lag_milliseconds",
                                                      "lag_unknown",
                                                      "behind_mutations",
                                                      "waiting_bytes",
                                                      "orphaned_log_rows_total",
                                                      "corrupt_messages_total",
                                                      "hints_held",
                                                      "node_requests_waiting",
                                                      "partitions_filling"};

std::string Name(crdt::PartitionKey key) {
  return "partition " + std::to_string(key.partition.value) + " of placement " +
         std::to_string(key.placement.value);
}

// Everybody who must hold the partition, in every region.
std::vector<ProcessId> HoldersOf(const SimCluster& cluster, crdt::PartitionKey key) {
  std::vector<ProcessId> holders;
  for (const local::Region& region : cluster.topology().regions) {
    const local::PreferenceList* list = cluster.ring(region.id).ListOf(key);
    if (list == nullptr) continue;
    for (std::uint32_t i = 0; i < list->primaries; ++i) {
      holders.push_back(NodeProcess(region.id, list->nodes[i]));
    }
  }
  return holders;
}

using Rows = std::map<Bytes, Bytes>;

Rows RowsOf(const Storage& disk, crdt::PartitionKey key, unsigned partition_bits) {
  Rows rows;
  OrStop(disk.Scan(Column::kData, {}, {}, [&](const Entry& entry) {
    const crdt::RowKey row = OrStop(crdt::ParseStorageKey(entry.key));
    const crdt::PartitionKey of{row.placement, PartitionOf(row.token(), partition_bits)};
    if (of == key) rows.emplace(entry.key, entry.value);
    return true;
  }));
  return rows;
}

std::string FirstOdd(const Rows& one, const Rows& other) {
  const auto [mine, theirs] = std::ranges::mismatch(one, other);
  const Bytes& key = mine != one.end() ? mine->first : theirs->first;
  std::string text = "key " + OrStop(crdt::ParseStorageKey(key)).key + ": ";
  for (const Rows* rows : {&one, &other}) {
    const auto at = rows->find(key);
    text += at == rows->end() ? "none" : OrStop(crdt::DecodeRow(at->second)).context.ToString();
    text += rows == &one ? " against " : "";
  }
  return text;
}

std::optional<std::string> DifferenceIn(SimCluster& cluster, crdt::PartitionKey key) {
  const std::vector<ProcessId> holders = HoldersOf(cluster, key);
  const auto rows_of = [&](ProcessId process) {
    return RowsOf(cluster.at(process).disk(), key, cluster.topology().partition_bits);
  };
  const Rows rows = rows_of(holders.front());
  const crdt::SeenVector& seen = cluster.ring_node(holders.front()).replica().log().Seen(key);
  for (const ProcessId other : holders) {
    const std::string pair =
        Name(key) + " differs between " + ToString(holders.front()) + " and " + ToString(other);
    const crdt::SeenVector& theirs = cluster.ring_node(other).replica().log().Seen(key);
    if (theirs != seen) {
      return pair + ", only the first has seen [" + seen.Without(theirs).ToString() +
             "], only the second [" + theirs.Without(seen).ToString() + "]";
    }
    if (const Rows others = rows_of(other); others != rows) {
      return pair + ", " + FirstOdd(rows, others);
    }
  }
  return std::nullopt;
}

// A member that another does not take for alive.
std::optional<std::string> MistakenForDead(SimCluster& cluster) {
  for (const local::Region& region : cluster.topology().regions) {
    const std::vector<local::Node>& members = cluster.ring(region.id).region().nodes;
    for (const local::Node& member : members) {
      const ProcessId judge = NodeProcess(region.id, member.id);
      const local::Liveness& liveness = cluster.ring_node(judge).liveness();
      for (const local::Node& other : members) {
        if (liveness.StateOf(other.id) == local::PeerState::kAlive) continue;
        return ToString(judge) + " takes " + ToString(NodeProcess(region.id, other.id)) + " for " +
               NameOf(liveness.StateOf(other.id));
      }
    }
  }
  return std::nullopt;
}

bool EndsWithOne(const std::string& name) {
  return std::ranges::any_of(kZeroAtRest,
                             [&](std::string_view end) { return name.ends_with(end); });
}

std::optional<std::string> ComplaintIn(const std::string& who, const node::ClientAnswer& answer) {
  if (answer.values.empty()) return who + " shows no figures";
  for (const node::Metric& metric : OrStop(node::DecodeMetrics(answer.values.front())).metrics) {
    if (metric.value == 0 || !EndsWithOne(metric.name)) continue;
    std::string text = who + " reports " + metric.name;
    for (const auto& [label, value] : metric.labels) text += ' ' + label + '=' + value;
    return text + " = " + std::to_string(metric.value);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> DifferenceOfReplicas(SimCluster& cluster) {
  for (const ProcessId process : cluster.nodes()) {
    if (!cluster.IsUp(process)) return "node " + ToString(process) + " is down";
  }
  for (const local::Placement& placement : cluster.topology().placements) {
    for (std::uint32_t p = 0; p < cluster.topology().partitions(); ++p) {
      const crdt::PartitionKey key{placement.id, {static_cast<std::uint16_t>(p)}};
      if (auto difference = DifferenceIn(cluster, key)) return difference;
    }
  }
  return std::nullopt;
}

std::optional<std::string> ComplaintOfFigures(SimCluster& cluster) {
  if (auto mistake = MistakenForDead(cluster)) return mistake;
  node::ClientRequest request;
  request.operation = node::Operation::kMetrics;
  std::map<ProcessId, node::ClientAnswer> answers;
  std::vector<ProcessId> all = cluster.nodes();
  all.insert(all.end(), cluster.gateways().begin(), cluster.gateways().end());
  for (const ProcessId process : all) {
    cluster.Ask(process, request, [&answers, process](const node::ClientAnswer& answer) {
      answers[process] = answer;
    });
  }
  cluster.RunFor(std::chrono::milliseconds(5));
  for (const ProcessId process : all) {
    if (!answers.contains(process)) return ToString(process) + " does not answer for its figures";
    if (auto complaint = ComplaintIn(ToString(process), answers.at(process))) return complaint;
  }
  return std::nullopt;
}

}  // namespace meridian::sim
