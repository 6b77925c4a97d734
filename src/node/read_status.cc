#include "node/read_status.h"

#include <nlohmann/json.hpp>

namespace meridian::node {

nlohmann::json ReadsJson(const local::Ring& ring, const local::Coordinator& coordinator,
                         const local::RequestAges& ages) {
  const local::HedgeCounters& hedges = coordinator.hedge().counters();
  const local::ReadRepairCounters& repairs = coordinator.repair_counters();
  nlohmann::json latency = nlohmann::json::object();
  for (const local::Node& node : ring.region().nodes) {
    const auto p95 = coordinator.hedge().P95Of(node.id);
    if (p95) latency[node.name] = static_cast<double>(p95->count()) / 1000;
  }
  return {{"asks", hedges.asks},
          {"hedges", hedges.hedges},
          {"hedges_denied", hedges.denied},
          {"digests_differed", coordinator.get_counters().digests_differed},
          {"repaired", repairs.repaired},
          {"repairs_dropped", repairs.dropped},
          {"expired_requests_dropped", ages.expired()},
          {"p95_ms", latency}};
}

void AddReadMetrics(const local::Ring& ring, const local::Coordinator& coordinator,
                    const local::RequestAges& ages, MetricSet& set) {
  const auto add = [&](MetricKind kind, const char* name, const char* help, std::uint64_t value,
                       std::map<std::string, std::string> labels = {}) {
    set.metrics.push_back({kind, std::string("meridian_node_") + name, help, std::move(labels),
                           static_cast<std::int64_t>(value)});
  };
  const auto counter = MetricKind::kCounter;
  const local::HedgeCounters& hedges = coordinator.hedge().counters();
  const local::ReadRepairCounters& repairs = coordinator.repair_counters();
  add(counter, "read_asks_total", "Rows and digests asked of peers by gets, hedges apart.",
      hedges.asks);
  add(counter, "read_hedges_total", "Asks of another replica because one was slow.", hedges.hedges);
  add(counter, "read_hedges_denied_total", "Hedges not sent: they would exceed 5 % of the asks.",
      hedges.denied);
  add(counter, "read_digests_differed_total", "Rows asked for because their digests differed.",
      coordinator.get_counters().digests_differed);
  add(counter, "read_repairs_total", "Stale replicas repaired behind a get.", repairs.repaired);
  add(counter, "read_repairs_dropped_total", "Repairs left to catch-up: too many were queued.",
      repairs.dropped);
  add(counter, "requests_expired_total", "Requests of peers dropped: nobody waited any more.",
      ages.expired());
  for (const local::Node& node : ring.region().nodes) {
    const auto p95 = coordinator.hedge().P95Of(node.id);
    if (!p95) continue;
    add(MetricKind::kGauge, "peer_read_p95_microseconds", "What 95 % of a peer's answers take.",
        static_cast<std::uint64_t>(p95->count()), {{"peer", node.name}});
  }
}

}  // namespace meridian::node
