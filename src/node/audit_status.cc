#include "node/audit_status.h"

#include "node/request_rules.h"

namespace meridian::node {
namespace {

using local::AuditCause;

std::uint64_t SecondsSince(Instant now, Instant then) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - then);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(seconds.count(), 0));
}

nlohmann::json ByCause(const local::CountByCause& counts) {
  nlohmann::json json = nlohmann::json::object();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) json[NameOf(static_cast<AuditCause>(i))] = counts[i];
  }
  return json;
}

}  // namespace

nlohmann::json AuditJson(Instant now, const local::Replica& replica, const local::Audit& audit) {
  const local::AuditFigures figures = audit.Figures();
  nlohmann::json json;
  json["running"] = figures.running;
  json["rounds"] = figures.rounds;
  json["age_seconds"] = SecondsSince(now, figures.last_end);
  json["partitions_compared"] = figures.partitions_compared;
  json["peers_silent"] = figures.peers_silent;
  json["leaves_open"] = figures.leaves_open;
  json["findings"] = ByCause(figures.findings);
  json["repairs"] = ByCause(audit.peer().counters().repairs);
  json["bytes_sent"] = audit.peer().counters().bytes_sent;
  json["rows_checked"] = audit.rebuild().rows_read();
  json["passes"] = audit.rebuild().passes();
  json["partitions_checked"] = audit.rebuild().partitions_done();
  json["rows_unreadable"] = replica.counters().rows_unreadable;
  return json;
}

void AddAuditMetrics(Instant now, const local::Replica& replica, const local::Audit& audit,
                     MetricSet& set) {
  const auto add = [&](MetricKind kind, const std::string& name, const char* help,
                       std::uint64_t value, std::map<std::string, std::string> labels) {
    set.metrics.push_back(
        {kind, "meridian_node_" + name, help, std::move(labels), static_cast<std::int64_t>(value)});
  };
  const local::AuditFigures figures = audit.Figures();
  const auto counter = MetricKind::kCounter;
  for (std::size_t i = 0; i < local::kAuditCauses; ++i) {
    const std::string cause = NameOf(static_cast<AuditCause>(i));
    add(counter, "audit_findings_total", "What the audit found wrong, here or at a peer.",
        figures.findings[i], {{"cause", cause}});
    add(counter, "audit_repairs_total", "Copies of this node that the audit put right.",
        audit.peer().counters().repairs[i], {{"cause", cause}});
  }
  add(counter, "audit_rounds_total", "Rounds of the audit that ended.", figures.rounds, {});
  add(counter, "audit_sent_bytes_total", "Bytes of the audit's messages.",
      audit.peer().counters().bytes_sent, {});
  add(counter, "audit_rows_checked_total", "Rows read from disk and compared with the trees.",
      audit.rebuild().rows_read(), {});
  add(counter, "rows_unreadable_total", "Met where a row should be: bytes that are none.",
      replica.counters().rows_unreadable, {});
  add(MetricKind::kGauge, "audit_age_seconds", "Since the last round ended, or the start.",
      SecondsSince(now, figures.last_end), {});
}

ClientAnswer BeginAudit(Moment now, const local::Replica& replica, local::Audit& audit,
                        const ClientRequest& request) {
  if (!request.key.empty() && request.key != "rebuild") {
    return Refused(Status::kBadRequest, "an audit is asked for as /audit or /audit/rebuild");
  }
  if (!replica.HasStarted()) return Refused(Status::kUnavailable, "this node is starting");
  // As it was before: what grows from here on is this audit's.
  ClientAnswer answer;
  answer.values = {AuditJson(now.monotonic, replica, audit).dump()};
  audit.Begin(now, request.key == "rebuild");
  return answer;
}

}  // namespace meridian::node
