#include "sim/scenario.h"

#include <algorithm>

#include "base/fail_stop.h"
#include "local/log_keys.h"
#include "node/topology_writer.h"
#include "sim/rest_checker.h"

namespace meridian::sim {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr LinkQuality kNear{microseconds(200), microseconds(200), 0, 0, 0, {}, true};
constexpr LinkQuality kFar{milliseconds(30), milliseconds(30), 0, 0, 0, {}, true};
constexpr Duration kQuietWithin = seconds(120);

ClusterOptions OptionsFor(const TopologyShape& shape, unsigned hedge_percent) {
  ClusterOptions options;
  options.hedge_percent = hedge_percent;
  options.topology = MakeTopology(shape);
  return options;
}

node::ClientRequest RequestFor(node::Operation operation, const Bytes& key, const Asking& asking) {
  node::ClientRequest request;
  request.operation = operation;
  request.space = asking.space;
  request.key = key;
  request.context = asking.context;
  request.level = asking.level;
  request.timeout_ms = asking.timeout_ms;
  request.sloppy = asking.sloppy;
  return request;
}

}  // namespace

Scenario::Scenario(const TopologyShape& shape, unsigned hedge_percent)
    : options_(OptionsFor(shape, hedge_percent)),
      dots_(options_.topology.partition_bits, violations_),
      holes_(options_.topology),
      audits_(violations_),
      watchers_(dots_, holes_, audits_, violations_),
      cluster_(options_, Random(1), trace_, watchers_) {
  cluster_.network().SetQuality(kNear, kFar);
  for (const ProcessId node : cluster_.nodes()) StartDisk(node);
  cluster_.StartAll();
  RunFor(seconds(3));  // until gateways know their regions
}

std::vector<ProcessId> Scenario::NodesOf(std::uint16_t region, const Bytes& key,
                                         bool primaries) const {
  const local::Ring& ring = cluster_.ring({region});
  const local::Namespace* space = cluster_.topology().FindNamespace("default");
  const local::PreferenceList* list =
      ring.ListOf(ring.PartitionOfToken(space->placement, TokenOf(space->id, key)));
  std::vector<ProcessId> nodes;
  for (const local::Node& node : cluster_.topology().FindRegion(RegionId{region})->nodes) {
    if (list->IsPrimary(node.id) == primaries) nodes.push_back(NodeProcess({region}, node.id));
  }
  return nodes;
}

std::vector<ProcessId> Scenario::NonPrimariesOf(std::uint16_t region, const Bytes& key) const {
  return NodesOf(region, key, false);
}

std::vector<ProcessId> Scenario::PrimariesOf(std::uint16_t region, const Bytes& key) const {
  return NodesOf(region, key, true);
}

Scenario::Later Scenario::Begin(ProcessId at, const node::ClientRequest& request) {
  auto later = std::make_shared<std::optional<node::ClientAnswer>>();
  cluster_.Ask(at, request, [later](const node::ClientAnswer& answer) { *later = answer; });
  return later;
}

node::ClientAnswer Scenario::Ask(ProcessId at, node::ClientRequest request) {
  const Later later = Begin(at, request);
  const Instant until = cluster_.queue().now() + milliseconds(request.timeout_ms) + seconds(1);
  while (!*later && cluster_.queue().now() < until) RunFor(microseconds(100));
  if (*later) return **later;
  node::ClientAnswer none;
  none.status = node::Status::kUnavailable;
  none.message = "no answer";
  return none;
}

node::ClientAnswer Scenario::Put(ProcessId at, const Bytes& key, const Bytes& value,
                                 Asking asking) {
  node::ClientRequest request = RequestFor(node::Operation::kPut, key, asking);
  request.value = value;
  return Ask(at, std::move(request));
}

Scenario::Later Scenario::BeginPut(ProcessId at, const Bytes& key, const Bytes& value,
                                   Asking asking) {
  node::ClientRequest request = RequestFor(node::Operation::kPut, key, asking);
  request.value = value;
  return Begin(at, request);
}

Scenario::Later Scenario::BeginGet(ProcessId at, const Bytes& key, Asking asking) {
  return Begin(at, RequestFor(node::Operation::kGet, key, asking));
}

node::ClientAnswer Scenario::Get(ProcessId at, const Bytes& key, Asking asking) {
  return Ask(at, RequestFor(node::Operation::kGet, key, asking));
}

node::ClientAnswer Scenario::Delete(ProcessId at, const Bytes& key, Asking asking) {
  return Ask(at, RequestFor(node::Operation::kDelete, key, asking));
}

void Scenario::Join(ProcessId process, const local::Topology& file) {
  cluster_.Join(process, file);
}

Scenario::Later Scenario::BeginApply(ProcessId at, const local::Topology& next) {
  node::ClientRequest request;
  request.operation = node::Operation::kApply;
  request.key = std::to_string(next.epoch.value);
  request.value = node::WriteTopology(next);
  return Begin(at, request);
}

node::ClientAnswer Scenario::Apply(ProcessId at, const local::Topology& next) {
  const Later answer = BeginApply(at, next);
  for (int i = 0; i < 20 && !answer->has_value(); ++i) RunFor(seconds(1));
  return answer->value_or(node::ClientAnswer{node::Status::kUnavailable, {}, {}, "no answer"});
}

node::ClientAnswer Scenario::TakeBack(ProcessId at, std::uint64_t version) {
  node::ClientRequest request;
  request.operation = node::Operation::kTakeBack;
  request.key = std::to_string(version);
  request.timeout_ms = 12'000;
  return Ask(at, request);
}

void Scenario::Cut(ProcessId from, ProcessId to) {
  cluster_.network().Cut(from, to);
}

void Scenario::CutRegions(std::uint16_t one, std::uint16_t other) {
  for (const ProcessId a : cluster_.gateways()) {
    for (const ProcessId b : cluster_.gateways()) {
      if (a.region.value != one || b.region.value != other) continue;
      Cut(a, b);
      Cut(b, a);
    }
  }
}

void Scenario::Heal() {
  cluster_.network().HealAll();
}
void Scenario::Hold(ProcessId from, ProcessId to) {
  cluster_.network().Hold(from, to);
}
void Scenario::Release(ProcessId from, ProcessId to) {
  cluster_.network().Release(from, to);
}

void Scenario::RepeatEverything(Duration within) {
  LinkQuality near = kNear;
  LinkQuality far = kFar;
  near.repeat = far.repeat = 1;
  near.late_max = far.late_max = within;
  cluster_.network().SetQuality(near, far);
}

void Scenario::Crash(ProcessId process) {
  cluster_.Crash(process, false);
}
void Scenario::Restart(ProcessId process) {
  cluster_.Start(process);
}
void Scenario::Pause(ProcessId process) {
  cluster_.Pause(process);
}
void Scenario::Resume(ProcessId process) {
  cluster_.Resume(process);
}
void Scenario::Slow(ProcessId process, Duration most) {
  cluster_.at(process).SetTurnTime(most);
}

std::string Scenario::Status(ProcessId node) {
  node::ClientRequest request;
  request.operation = node::Operation::kStatus;
  request.timeout_ms = 2000;
  const node::ClientAnswer answer = Ask(node, request);
  return answer.values.empty() ? std::string() : answer.values[0];
}

void Scenario::LoseDisk(ProcessId node) {
  cluster_.LoseDisk(node);
}
void Scenario::RestoreDisk(ProcessId node) {
  cluster_.RestoreDisk(node);
}
void Scenario::BackUp(ProcessId node) {
  cluster_.BackUp(node);
}
void Scenario::StopDisk(ProcessId node) {
  cluster_.at(node).SetSyncTime(hours(10), hours(10));
}

void Scenario::StartDisk(ProcessId node) {
  cluster_.at(node).SetSyncTime(microseconds(300), microseconds(300));
}

void Scenario::StepClock(ProcessId process, Duration step) {
  cluster_.at(process).StepWallClock(step);
}

void Scenario::CollectRow(ProcessId node, const Bytes& key, const std::string& space_name) {
  MERIDIAN_CHECK(!cluster_.IsUp(node));
  const local::Namespace* space = cluster_.topology().FindNamespace(space_name);
  const Bytes row = crdt::StorageKey({space->placement, space->id, key, {}});
  SimStorage& disk = cluster_.at(node).disk();
  WriteBatch batch{{1}, {{Column::kData, row, std::nullopt}}};
  OrStop(disk.Scan(Column::kLog, {}, {}, [&](const Entry& entry) {
    if (entry.value == local::LogValue(row)) {
      batch.writes.push_back({Column::kLog, Bytes(entry.key), std::nullopt});
    }
    return true;
  }));
  OrStop(disk.Apply(batch));
  disk.Sync({1});
  disk.Crash();  // nothing is lost; ids of batches begin anew
}

std::uint64_t Scenario::HintCount() {
  std::uint64_t count = 0;
  for (const ProcessId node : cluster_.nodes()) {
    if (cluster_.IsUp(node)) count += cluster_.ring_node(node).hint_count();
  }
  return count;
}

void Scenario::AlterRow(ProcessId node, const Bytes& key,
                        const std::function<Bytes(const Bytes&)>& alter) {
  const local::Namespace* space = cluster_.topology().FindNamespace("default");
  cluster_.at(node).disk().Rot(Column::kData,
                               crdt::StorageKey({space->placement, space->id, key, {}}), alter);
}

std::optional<Bytes> Scenario::Stored(ProcessId node, const Bytes& key) const {
  const local::Namespace* space = cluster_.topology().FindNamespace("default");
  return OrStop(cluster_.at(node).disk().Get(
      Column::kData, crdt::StorageKey({space->placement, space->id, key, {}})));
}

Scenario::Found Scenario::Audit(std::uint16_t region) {
  std::map<ProcessId, std::uint64_t> rounds;
  std::vector<ProcessId> nodes;
  node::ClientRequest request;
  request.operation = node::Operation::kAudit;
  request.key = "rebuild";
  for (const ProcessId process : cluster_.nodes()) {
    if (process.region.value != region || !cluster_.IsUp(process)) continue;
    nodes.push_back(process);
    rounds[process] = cluster_.ring_node(process).audit().Figures().rounds;
    Begin(process, request);
  }
  const auto runs = [&](ProcessId process) {
    const local::AuditFigures figures = cluster_.ring_node(process).audit().Figures();
    return figures.running || figures.rounds == rounds[process];
  };
  const Instant until = cluster_.queue().now() + kQuietWithin;
  do {
    RunFor(milliseconds(20));
  } while (std::ranges::any_of(nodes, runs) && cluster_.queue().now() < until);
  Found found;
  for (const ProcessId process : nodes) {
    const local::Audit& audit = cluster_.ring_node(process).audit();
    for (std::size_t i = 0; i < local::kAuditCauses; ++i) {
      const std::string cause = NameOf(static_cast<local::AuditCause>(i));
      if (const auto count = audit.Figures().findings[i]) found["found " + cause] += count;
      if (const auto count = audit.peer().counters().repairs[i]) found["mended " + cause] += count;
    }
  }
  return found;
}

void Scenario::RunFor(Duration duration) {
  cluster_.RunFor(duration);
}

std::string Scenario::RunUntilQuiet() {
  const Instant start = cluster_.queue().now();
  std::optional<std::string> left;
  do {
    RunFor(milliseconds(995));
    left = DifferenceOfReplicas(cluster_);
    if (!left) left = ComplaintOfFigures(cluster_);
  } while (left && cluster_.queue().now() - start < kQuietWithin);
  return left.value_or("");
}

std::string Scenario::Violated() {
  holes_.Check(cluster_, violations_);
  return violations_.empty() ? "" : violations_.list().front();
}

}  // namespace meridian::sim
