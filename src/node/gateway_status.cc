// What a gateway tells operators: the second half of GatewayNode, pure text over its parts.

#include <nlohmann/json.hpp>

#include "node/gateway.h"

namespace meridian::node {
namespace {

// Lag of what another region has minted, as this region holds it.
nlohmann::json LagJson(const std::string& origin, const std::string& target, const wan::Lag& lag,
                       Moment now) {
  const wan::LagNow state = lag.Now(now);
  nlohmann::json json{{"origin", origin},
                      {"target", target},
                      {"heard", state.heard},
                      {"unknown", state.unknown || !state.heard},
                      {"mutations", state.mutations},
                      {"bytes", state.bytes}};
  if (state.heard) json["seconds"] = static_cast<double>(state.age.count()) / 1e6;
  const Histogram& held = lag.held_ms();
  json["held"] = held.count();
  json["p50_ms"] = held.Percentile(50);
  json["p99_ms"] = held.Percentile(99);
  json["max_ms"] = held.max();
  return json;
}

}  // namespace

std::string GatewayNode::StatusJson(Moment now) const {
  nlohmann::json json;
  json["name"] = ring_.topology().NameOf(options_.self);
  json["role"] = "gateway";
  json["region"] = ring_.region().name;
  json["epoch"] = ring_.topology().epoch.value;
  json["ready"] = view_.ready();
  json["rows_fed"] = rows_fed_;
  json["orphaned_log_rows"] = orphans_;
  json["lag"] = nlohmann::json::array();
  json["outbound"] = nlohmann::json::array();
  for (const auto& [id, remote] : remotes_) {
    json["lag"].push_back(LagJson(remote.region().name, ring_.region().name, remote.lag(), now));
    json["outbound"].push_back(
        {{"target", remote.region().name},
         {"alive", remote.Alive(now)},
         {"knows_extent", remote.outbox().knows_extent()},
         {"behind_seconds", static_cast<double>(remote.Behind(now).count()) / 1e6},
         {"behind_mutations", remote.mutations_behind()},
         {"waiting_bytes", remote.outbox().waiting_bytes()},
         {"resent_batches", remote.outbox().resent_batches()},
         {"round_trip_ms", Milliseconds(remote.outbox().round_trip())}});
  }
  return json.dump();
}

MetricSet GatewayNode::Metrics(Moment now) const {
  MetricSet set;
  const auto add = [&](MetricKind kind, const char* name, const char* help,
                       std::map<std::string, std::string> labels, std::uint64_t value) {
    set.metrics.push_back({kind, std::string("meridian_gateway_") + name, help, std::move(labels),
                           static_cast<std::int64_t>(value)});
  };
  const auto counter = MetricKind::kCounter;
  const auto gauge = MetricKind::kGauge;
  add(counter, "rows_fed_total", "Rows pushed by the region's nodes.", {}, rows_fed_);
  add(counter, "orphaned_log_rows_total", "Log rows whose data row is missing.", {}, orphans_);
  add(counter, "corrupt_messages_total", "Messages that could not be used.", {}, corrupt_messages_);
  add(gauge, "ready", "1 when a quorum of nodes has reported.", {}, view_.ready() ? 1 : 0);
  for (const auto& [id, remote] : remotes_) {
    const std::map<std::string, std::string> to{{"target", remote.region().name}};
    const std::map<std::string, std::string> from{{"origin", remote.region().name}};
    const wan::LagNow lag = remote.lag().Now(now);
    add(gauge, "lag_milliseconds", "Age of the oldest mutation of the origin not held here.", from,
        static_cast<std::uint64_t>(Milliseconds(lag.age)));
    add(gauge, "lag_unknown", "1 when the origin has not been heard of for three seconds.", from,
        lag.unknown || !lag.heard ? 1 : 0);
    add(gauge, "behind_mutations", "Mutations of this region the target is not known to hold.", to,
        remote.mutations_behind());
    add(gauge, "waiting_bytes", "Bytes queued or in flight to the target.", to,
        remote.outbox().waiting_bytes());
    add(counter, "resent_batches_total", "Batches sent again for want of an ack.", to,
        remote.outbox().resent_batches());
    add(counter, "rows_too_large_total", "Rows that no message to the target can carry.", to,
        remote.outbox().rows_too_large());
  }
  return set;
}

}  // namespace meridian::node
