#include "node/node_status.h"

#include <nlohmann/json.hpp>

#include "node/audit_status.h"
#include "node/read_status.h"

namespace meridian::node {
namespace {

// Dots of every partition: mutations that this node holds or held.
std::uint64_t DotsSeen(const local::PartitionLog& log) {
  std::uint64_t dots = 0;
  for (const local::PartitionKey key : log.partitions()) dots += log.Seen(key).Count();
  return dots;
}

// Null when nothing is being filled.
nlohmann::json FillJson(const NodeFigures& figures) {
  if (figures.refill.idle()) return nullptr;
  const local::RefillProgress fill = figures.refill.Progress(figures.now);
  nlohmann::json json = {{"partitions", fill.partitions},
                         {"filled", fill.filled},
                         {"percent", static_cast<int>(100 * fill.share)},
                         {"rows", fill.rows},
                         {"bytes", fill.bytes},
                         {"elapsed_ms", Milliseconds(fill.elapsed)}};
  if (fill.left) json["left_ms"] = Milliseconds(*fill.left);
  return json;
}

void AddFill(const NodeFigures& figures, MetricSet& set) {
  const local::RefillProgress fill = figures.refill.Progress(figures.now);
  const auto add = [&](MetricKind kind, const char* name, const char* help, std::uint64_t value) {
    set.metrics.push_back(
        {kind, std::string("meridian_node_") + name, help, {}, static_cast<std::int64_t>(value)});
  };
  add(MetricKind::kGauge, "partitions_filling",
      "Partitions that lack rows and are filled from peers; not read from meanwhile.",
      figures.refill.idle() ? 0 : fill.partitions - fill.filled);
  add(MetricKind::kCounter, "fill_rows_received_total", "Rows that filled partitions here.",
      fill.rows);
  add(MetricKind::kCounter, "fill_bytes_received_total", "Bytes of those rows.", fill.bytes);
  add(MetricKind::kCounter, "fill_rows_sent_total", "Rows sent to fill partitions of others.",
      figures.fill_source.rows_sent());
  add(MetricKind::kGauge, "epoch", "Number of the topology in force.",
      figures.ring.topology().epoch.value);
  add(MetricKind::kGauge, "ring_stage", "Of a change: 0 none, 1 filling, 2 switched.",
      static_cast<std::uint64_t>(figures.ring.stage()));
  add(MetricKind::kGauge, "partitions_unverified",
      "Partitions that a change gives to this node, and that are not proven to be whole yet.",
      figures.filling.figures().partitions - figures.filling.figures().filled);
  add(MetricKind::kGauge, "partitions_leaving", "Partitions of others that are still kept here.",
      figures.handing_on.partitions());
  add(MetricKind::kCounter, "sums_differ_total",
      "Comparisons of a gained partition that found copies to differ.",
      figures.filling.figures().sums_differ);
}

// "us-east-2": {"state": "suspect", ...}
nlohmann::json PeersJson(const NodeFigures& figures) {
  nlohmann::json peers = nlohmann::json::object();
  for (const local::PeerView& peer : figures.detector.View(figures.now.monotonic)) {
    peers[figures.ring.topology().NameOf(figures.ring.Process(peer.node))] = {
        {"state", local::NameOf(peer.state)},      {"incarnation", peer.incarnation},
        {"requests_waiting", peer.load},           {"disk_room", NameOf(peer.room)},
        {"silent_ms", Milliseconds(peer.silence)}, {"phi", peer.phi}};
  }
  return peers;
}

void AddPeers(const NodeFigures& figures, MetricSet& set) {
  for (const local::PeerView& peer : figures.detector.View(figures.now.monotonic)) {
    const std::string name = figures.ring.topology().NameOf(figures.ring.Process(peer.node));
    const auto add = [&](const char* what, const char* help, std::int64_t value) {
      set.metrics.push_back({MetricKind::kGauge,
                             std::string("meridian_node_peer_") + what,
                             help,
                             {{"peer", name}},
                             value});
    };
    add("state", "What this node takes a peer for: 0 alive, 1 suspect, 2 down, 3 left.",
        static_cast<std::int64_t>(peer.state));
    add("incarnation", "The peer's last start that this node knows; 0: never heard.",
        peer.incarnation);
    add("silent_milliseconds", "Since any sign of life of the peer.", Milliseconds(peer.silence));
    add("disk_room", "Room on the peer's disk, as it said: 0 plenty, 1 low, 2 none.",
        static_cast<std::int64_t>(peer.room));
    add("requests_waiting", "Requests that wait at the peer, as it said.", peer.load);
  }
}

HintFigures HintsOf(const NodeFigures& figures) {
  return {figures.ring, figures.hints, figures.handover, figures.now.wall};
}

}  // namespace

std::string StatusJson(const NodeFigures& figures) {
  const local::Ring& ring = figures.ring;
  nlohmann::json json;
  json["name"] = ring.topology().NameOf(ring.self());
  json["role"] = "node";
  json["region"] = ring.region().name;
  json["epoch"] = ring.topology().epoch.value;
  json["stage"] = NameOf(ring.stage());
  json["member"] = ring.IsKnown() && ring.HasSelf();
  json["ready"] = figures.replica.HasStarted();
  json["incarnation"] = figures.replica.actor().incarnation();
  json["partitions"] = figures.replica.log().partitions().size();
  json["mutations_seen"] = DotsSeen(figures.replica.log());
  json["requests_waiting"] = figures.requests_waiting;
  json["puts"] = figures.coordinator.put_counters().puts;
  json["gets"] = figures.coordinator.get_counters().gets;
  json["timeouts"] =
      figures.coordinator.put_counters().timeouts + figures.coordinator.get_counters().timeouts;
  json["orphaned_log_rows"] =
      figures.catch_up.counters().orphans + figures.feed.orphans() + figures.fill_source.orphans();
  json["filling"] = FillJson(figures);
  json["leaving"] = figures.handing_on.partitions();
  json["peers"] = PeersJson(figures);
  json["disk_room"] = NameOf(figures.room);
  json["slowness"] = figures.detector.slowness();
  json["hints"] = HintsJson(HintsOf(figures));
  json["audit"] = AuditJson(figures.now.monotonic, figures.replica, figures.audit);
  json["reads"] = ReadsJson(ring, figures.coordinator, figures.ages);
  return json.dump();
}

MetricSet MetricsOf(const NodeFigures& figures) {
  MetricSet set;
  const auto add = [&](MetricKind kind, const char* name, const char* help, std::uint64_t value) {
    set.metrics.push_back(
        {kind, std::string("meridian_node_") + name, help, {}, static_cast<std::int64_t>(value)});
  };
  const local::PutCounters& puts = figures.coordinator.put_counters();
  const local::GetCounters& gets = figures.coordinator.get_counters();
  const local::ReplicaCounters& replica = figures.replica.counters();
  const local::CatchUpCounters& catch_up = figures.catch_up.counters();
  const auto counter = MetricKind::kCounter;
  add(counter, "puts_total", "Puts and deletes coordinated here.", puts.puts);
  add(counter, "gets_total", "Gets coordinated here.", gets.gets);
  add(counter, "timeouts_total", "Requests whose quorum was not reached.",
      puts.timeouts + gets.timeouts);
  add(counter, "resends_total", "Messages sent again to a silent replica.",
      puts.resends + gets.resends);
  add(counter, "rows_applied_total", "Rows that changed what is stored.", replica.rows_applied);
  add(counter, "rows_known_total", "Rows that brought nothing new.", replica.rows_known);
  add(counter, "versions_dropped_total", "Received versions already overwritten here.",
      replica.versions_dropped);
  add(counter, "rows_refused_total", "Rows of partitions not held here.", replica.rows_refused);
  add(counter, "catch_up_rows_sent_total", "Rows sent to replicas that lacked them.",
      catch_up.rows_sent);
  add(counter, "catch_up_rows_received_total", "Rows received in catch-up.",
      catch_up.rows_received);
  add(counter, "orphaned_log_rows_total", "Log rows whose data row is missing.",
      catch_up.orphans + figures.feed.orphans() + figures.fill_source.orphans());
  add(counter, "corrupt_messages_total", "Messages that could not be decoded.",
      figures.corrupt_messages);
  add(counter, "stand_ins_asked_total", "Fallbacks asked to keep a write for a primary.",
      puts.stand_ins);
  add(counter, "puts_stood_in_total", "Puts coordinated here for absent primaries.", puts.stood_in);
  add(counter, "too_few_up_total", "Requests refused at once: too few nodes are up.",
      puts.too_few_up + gets.too_few_up);
  AddHintMetrics(HintsOf(figures), set);
  add(MetricKind::kGauge, "requests_waiting", "Requests not answered yet.",
      figures.requests_waiting);
  add(MetricKind::kGauge, "ready", "1 when the node serves.", figures.replica.HasStarted() ? 1 : 0);
  const local::FailureDetectorCounters& detector = figures.detector.counters();
  add(counter, "suspicions_total", "Peers that became suspect here.", detector.suspicions);
  add(counter, "convictions_total", "Peers that were found down here.", detector.convictions);
  add(counter, "refutations_total", "Times this node refuted its own death.", detector.refutations);
  add(counter, "late_turns_total", "Times this node was too late to judge its peers.",
      detector.late_turns);
  add(counter, "messages_refused_for_room_total", "Rows and digests not taken: the disk is full.",
      figures.refused_for_room);
  add(MetricKind::kGauge, "disk_room",
      "0 plenty, 1 low: new values of clients are refused, 2 none: nothing is written.",
      static_cast<std::uint64_t>(figures.room));
  add(MetricKind::kGauge, "slowness", "0 punctual, 4 so slow that it hardly judges its peers.",
      static_cast<std::uint64_t>(figures.detector.slowness()));
  AddPeers(figures, set);
  AddAuditMetrics(figures.now.monotonic, figures.replica, figures.audit, set);
  AddReadMetrics(figures.ring, figures.coordinator, figures.ages, set);
  AddFill(figures, set);
  return set;
}

}  // namespace meridian::node
