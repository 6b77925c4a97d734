#include "sim/audit_checker.h"

#include <algorithm>

#include "local/messages.h"
#include "sim/sim_cluster.h"

namespace meridian::sim {
namespace {

constexpr Duration kAuditPatience = std::chrono::seconds(30);

std::uint64_t FindingsOf(const local::AuditFigures& figures) {
  std::uint64_t all = 0;
  for (const std::uint64_t count : figures.findings) all += count;
  return all;
}

}  // namespace

void AuditChecker::OnSent(const Message& message) {
  static const auto kMend = static_cast<char>(local::RingMessage(local::AuditMend{}).index());
  static const auto kRestore = static_cast<char>(local::RingMessage(local::AuditRestore{}).index());
  if (message.from.role != Role::kNode || message.to.role != Role::kNode || message.body.empty()) {
    return;
  }
  if (message.body[0] != kMend && message.body[0] != kRestore) return;
  const auto decoded = local::UnpackRingMessage(message.body);
  if (!decoded) return;
  std::string what = "the audit of " + ToString(message.from) + " has " + ToString(message.to);
  if (const auto* mend = std::get_if<local::AuditMend>(&*decoded); mend && !mend->rows.empty()) {
    what += std::string(" mend ") + NameOf(mend->rows.front().cause);
  } else if (const auto* restore = std::get_if<local::AuditRestore>(&*decoded)) {
    what += restore->rows.empty()
                ? std::string(" recount")
                : std::string(" restore ") + restore->rows.front().update.key.key + " for " +
                      NameOf(restore->rows.front().mend.cause);
  }
  violations_.Add(what);
}

void AuditChecker::Check(SimCluster& cluster) {
  node::ClientRequest request;
  request.operation = node::Operation::kAudit;
  request.key = "rebuild";
  std::map<ProcessId, std::uint64_t> before;
  for (const ProcessId process : cluster.nodes()) {
    before[process] = cluster.ring_node(process).audit().Figures().rounds;
    cluster.Ask(process, request, [](const node::ClientAnswer&) {});
  }
  const auto is_done = [&](ProcessId process) {
    const local::AuditFigures figures = cluster.ring_node(process).audit().Figures();
    return figures.rounds > before[process] && !figures.running;
  };
  const Instant until = cluster.queue().now() + kAuditPatience;
  do {
    cluster.RunFor(std::chrono::milliseconds(100));
  } while (!std::ranges::all_of(cluster.nodes(), is_done) && cluster.queue().now() < until);
  for (const ProcessId process : cluster.nodes()) {
    const node::RingNode& node = cluster.ring_node(process);
    if (!is_done(process)) violations_.Add("the audit of " + ToString(process) + " does not end");
    if (FindingsOf(node.audit().Figures()) != 0) {
      violations_.Add("the audit of " + ToString(process) + " found something");
    }
    if (node.replica().counters().rows_unreadable != 0) {
      violations_.Add(ToString(process) + " met rows that cannot be read");
    }
  }
}

}  // namespace meridian::sim
