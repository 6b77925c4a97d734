#include "node/hint_status.h"

#include <nlohmann/json.hpp>

namespace meridian::node {
namespace {

// How long the oldest hint has waited; 0 when there is none.
std::uint64_t OldestSeconds(const local::HintTally& tally, WallTime wall) {
  const auto since = tally.oldest_ms();
  const std::int64_t now = Milliseconds(wall.time_since_epoch());
  if (!since || now < static_cast<std::int64_t>(*since)) return 0;
  return (static_cast<std::uint64_t>(now) - *since) / 1000;
}

nlohmann::json TallyJson(const local::HintTally& tally, WallTime now) {
  return {{"rows", tally.rows()},
          {"bytes", tally.bytes()},
          {"oldest_seconds", OldestSeconds(tally, now)}};
}

std::string NameOf(const HintFigures& figures, NodeId node) {
  return figures.ring.topology().NameOf(figures.ring.Process(node));
}

}  // namespace

nlohmann::json HintsJson(const HintFigures& figures) {
  nlohmann::json json = TallyJson(figures.hints.total(), figures.now);
  json["for"] = nlohmann::json::object();
  for (const auto& [node, tally] : figures.hints.targets()) {
    json["for"][NameOf(figures, node)] = TallyJson(tally, figures.now);
  }
  const local::HintCounters& counters = figures.hints.counters();
  json["kept"] = counters.kept;
  json["handed_over"] = counters.handed_over;
  json["refused"] = counters.refused;
  return json;
}

void AddHintMetrics(const HintFigures& figures, MetricSet& set) {
  const auto add = [&](MetricKind kind, const char* name, const char* help, std::uint64_t value) {
    set.metrics.push_back(
        {kind, std::string("meridian_node_") + name, help, {}, static_cast<std::int64_t>(value)});
  };
  const local::HintCounters& counters = figures.hints.counters();
  const local::HintTally& total = figures.hints.total();
  add(MetricKind::kCounter, "hints_kept_total", "Writes kept for primaries that were not there.",
      counters.kept);
  add(MetricKind::kCounter, "hints_refused_total",
      "Writes not kept because as many bytes are kept as may be.", counters.refused);
  add(MetricKind::kCounter, "hints_handed_over_total",
      "Hints dropped because W primaries hold them durably.", counters.handed_over);
  add(MetricKind::kCounter, "hint_rows_sent_total", "Rows sent to primaries in hand-over.",
      figures.handover.counters().rows_sent);
  add(MetricKind::kCounter, "hint_pages_unacknowledged_total",
      "Pages of hints that too few primaries acknowledged in time.",
      figures.handover.counters().timeouts);
  add(MetricKind::kGauge, "hints_held", "Hints kept here now.", total.rows());
  add(MetricKind::kGauge, "hints_held_bytes", "Bytes of hints kept here now.", total.bytes());
  add(MetricKind::kGauge, "hints_oldest_seconds", "Age of the oldest hint kept here.",
      OldestSeconds(total, figures.now));
  for (const auto& [node, tally] : figures.hints.targets()) {
    set.metrics.push_back({MetricKind::kGauge,
                           "meridian_node_hints_held_for",
                           "Hints kept here now, by the primary they are for.",
                           {{"target", NameOf(figures, node)}},
                           static_cast<std::int64_t>(tally.rows())});
  }
}

}  // namespace meridian::node
