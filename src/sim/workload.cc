#include "sim/workload.h"

#include <algorithm>

namespace meridian::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kTriesMax = 3;
// What a client waits longer than it told the node.
constexpr Duration kPatience = milliseconds(300);

Duration DrawDuration(Random& random, Duration most) {
  return Duration(
      static_cast<Duration::rep>(random.Below(static_cast<std::uint64_t>(most.count()) + 1)));
}

Duration LinkDelay(Random& random) {
  return milliseconds(0) + DrawDuration(random, milliseconds(1));
}

}  // namespace

WorkloadOptions DrawWorkload(Random& random) {
  WorkloadOptions options;
  options.clients = random.Between(2, 4);
  options.keys = random.Between(1, 5);
  options.think_max = milliseconds(static_cast<std::int64_t>(random.Between(150, 900)));
  options.loss = random.OneIn(2) ? 0.05 * random.NextUnit() : 0;
  options.gets = random.Between(20, 60);
  options.deletes = random.OneIn(3) ? 0 : random.Between(1, 30);
  return options;
}

Workload::Workload(SimCluster& cluster, WorkloadOptions options, Random random)
    : cluster_(cluster), options_(options), random_(random) {
  for (const local::Region& region : cluster_.topology().regions) {
    for (std::size_t i = 0; i < options_.clients; ++i) clients_.push_back({region.id, {}});
  }
}

void Workload::Start() {
  for (std::size_t client = 0; client < clients_.size(); ++client) Think(client);
}

void Workload::Think(std::size_t client) {
  if (stopped_) return;
  cluster_.queue().After(DrawDuration(random_, options_.think_max), [this, client] {
    if (!stopped_) Begin(client);
  });
}

void Workload::Begin(std::size_t client) {
  Try attempt;
  attempt.client = client;
  attempt.op = history_.size();
  Op& op = history_.emplace_back();
  op.id = attempt.op;
  op.region = clients_[client].region;
  attempt.request = DrawRequest(client);
  op.operation = attempt.request.operation;
  op.copies = CopiesOf(attempt.request, op.region);
  op.sloppy = attempt.request.sloppy;
  op.everywhere =
      attempt.request.level == node::Level::kEachQuorum && attempt.request.replicas == 0;
  op.key = {attempt.request.space, attempt.request.key};
  if (op.operation == node::Operation::kPut) {
    op.value = attempt.request.value = "v" + std::to_string(op.id);
  }
  if (op.writes()) op.token_from = DrawToken(clients_[client], op.key);
  if (op.token_from) attempt.request.context = history_[*op.token_from].context;
  op.invoked = cluster_.queue().now();
  tries_.push_back(0);
  ++busy_;
  Send(std::move(attempt));
}

node::ClientRequest Workload::DrawRequest(std::size_t client) {
  node::ClientRequest request;
  const std::uint64_t kind = random_.Below(100);
  request.operation = kind < options_.gets                      ? node::Operation::kGet
                      : kind < options_.gets + options_.deletes ? node::Operation::kDelete
                                                                : node::Operation::kPut;
  const std::vector<local::Namespace>& spaces = cluster_.topology().namespaces;
  do {
    request.space = random_.Pick(spaces).name;
  } while (ReplicasOf(clients_[client].region, request.space) == 0);
  request.key = "k" + std::to_string(random_.Below(options_.keys));
  request.timeout_ms = static_cast<std::uint32_t>(random_.Between(200, 1500));
  // What a strict get must show can be told, so there are more of these.
  request.sloppy = !random_.OneIn(request.operation == node::Operation::kGet ? 2 : 4);
  DrawLevel(request);
  if (request.replicas != 0) {
    const std::size_t n = ReplicasOf(clients_[client].region, request.space);
    request.replicas = static_cast<std::uint8_t>(random_.Between(1, n));
  }
  return request;
}

void Workload::DrawLevel(node::ClientRequest& request) {
  const std::uint64_t kind = random_.Below(10);
  if (kind < 2) {
    request.level = node::Level::kOne;
  } else if (kind == 2) {
    request.level = node::Level::kAll;
  } else if (kind == 3) {
    request.level = node::Level::kEachQuorum;
  } else if (kind == 4) {
    request.replicas = 1;  // some number
  }
}

std::size_t Workload::ReplicasOf(RegionId region, const std::string& space) const {
  const local::Topology& topology = cluster_.topology();
  const auto& replicas = topology.FindPlacement(topology.FindNamespace(space)->placement)->replicas;
  const auto at = replicas.find(region);
  return at == replicas.end() ? 0 : at->second;
}

std::size_t Workload::CopiesOf(const node::ClientRequest& request, RegionId region) const {
  const std::size_t n = ReplicasOf(region, request.space);
  if (request.replicas != 0) return request.replicas;
  if (request.level == node::Level::kOne) return 1;
  return request.level == node::Level::kAll ? n : n / 2 + 1;
}

std::optional<std::size_t> Workload::DrawToken(const Client& client, const KeyName& key) {
  const auto own = client.last_token.find(key);
  const auto pool = tokens_.find(key);
  const std::uint64_t kind = random_.Below(100);
  if (kind < 40 && own != client.last_token.end()) return own->second;
  if (pool == tokens_.end()) return std::nullopt;
  if (kind < 60) return pool->second.back();
  if (kind < 75) return random_.Pick(pool->second);
  return std::nullopt;
}

ProcessId Workload::DrawNode(Op& op, const KeyName& key) {
  const local::Topology& topology = cluster_.topology();
  const local::Region* region = topology.FindRegion(op.region);
  const NodeId node = random_.Pick(region->nodes).id;
  const local::Namespace* space = topology.FindNamespace(key.first);
  const local::Ring& ring = cluster_.ring(op.region);
  const auto partition = ring.PartitionOfToken(space->placement, TokenOf(space->id, key.second));
  if (repeats_ || !ring.ListOf(partition)->IsPrimary(node)) op.may_repeat = true;
  return NodeProcess(op.region, node);
}

// A primary that is being filled passes it on, or may find out before its turn that it is.
void Workload::NoteIfPassedOn(Op& op, ProcessId node) const {
  if (!cluster_.IsUp(node)) return;
  const local::Namespace* space = cluster_.topology().FindNamespace(op.key.first);
  const local::Replica& replica = cluster_.ring_node(node).replica();
  const auto partition = cluster_.ring(op.region).PartitionOfToken(
      space->placement, TokenOf(space->id, op.key.second));
  op.may_repeat |=
      !replica.HasStarted() || replica.log().IsFilling(partition) || cluster_.WasReplaced(node);
}

bool Workload::IsCurrent(const Try& attempt) const {
  return tries_[attempt.op] == attempt.number;
}

void Workload::Send(Try attempt) {
  attempt.number = ++tries_[attempt.op];
  Op& op = history_[attempt.op];
  if (attempt.number > 1) op.may_repeat = op.was_retried = true;
  const ProcessId node = DrawNode(op, op.key);
  cluster_.trace().Add(cluster_.queue().now(), "client " + std::to_string(attempt.client) +
                                                   " asks " + ToString(node) + ": " + ToString(op));
  cluster_.queue().After(milliseconds(attempt.request.timeout_ms) + kPatience, [this, attempt] {
    if (IsCurrent(attempt)) OnSilence(attempt);
  });
  if (random_.Chance(options_.loss)) return;
  cluster_.queue().After(LinkDelay(random_), [this, attempt, node] {
    NoteIfPassedOn(history_[attempt.op], node);
    cluster_.Ask(node, attempt.request, [this, attempt](const node::ClientAnswer& answer) {
      if (random_.Chance(options_.loss)) return;
      cluster_.queue().After(LinkDelay(random_), [this, attempt, answer] {
        if (IsCurrent(attempt)) OnAnswer(attempt, answer);
      });
    });
  });
}

void Workload::OnSilence(const Try& attempt) {
  Op& op = history_[attempt.op];
  op.fate = Fate::kMaybe;
  op.message = "no answer";
  if (attempt.number < kTriesMax && random_.OneIn(2)) return Send(attempt);
  Finish(attempt);
}

void Workload::OnAnswer(const Try& attempt, const node::ClientAnswer& answer) {
  using node::Status;
  Op& op = history_[attempt.op];
  op.status = answer.status;
  op.message = answer.message;
  const bool done = answer.status == Status::kOk || answer.status == Status::kSiblings ||
                    answer.status == Status::kNotFound;
  if (!done) {
    // What one try may have done is not taken back by the next one's failure.
    if (answer.maybe || op.fate == Fate::kMaybe) {
      op.fate = Fate::kMaybe;
    } else {
      op.fate = Fate::kFailed;
    }
    if (attempt.number < kTriesMax && random_.OneIn(2)) return Send(attempt);
    return Finish(attempt);
  }
  op.fate = Fate::kAcked;
  op.values = answer.values;
  op.context = answer.context;
  if (!op.context.empty()) {
    clients_[attempt.client].last_token[op.key] = op.id;
    tokens_[op.key].push_back(op.id);
  }
  Finish(attempt);
}

void Workload::Finish(const Try& attempt) {
  ++tries_[attempt.op];  // whatever still comes is too late
  Op& op = history_[attempt.op];
  op.ended = cluster_.queue().now();
  cluster_.trace().Add(op.ended,
                       "client " + std::to_string(attempt.client) + " ends " + ToString(op));
  --busy_;
  Think(attempt.client);
}

}  // namespace meridian::sim
