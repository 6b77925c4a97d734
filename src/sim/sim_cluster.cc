#include "sim/sim_cluster.h"

#include <algorithm>

#include "base/fail_stop.h"
#include "sim/planted_bugs.h"

namespace meridian::sim {

namespace {

SimNetwork::Rewrite RewriteOf(Plant plant) {
  switch (plant) {
    case Plant::kSeenFromContext: return ListWhatTheContextCovers;
    case Plant::kAckBeforeSync:
    case Plant::kReuseIncarnation: return ForgetDisks;
    case Plant::kLoseRows: return LoseRows;
    case Plant::kDropVersions: return DropVersions;
    case Plant::kHideRows: return HideRows;
    case Plant::kAlterViews: return AlterViews;
    case Plant::kNothing:
    case Plant::kKeepRows:
    case Plant::kKeepLogRows:
    case Plant::kKeepTrees:
    case Plant::kKeepNotes: break;
  }
  return nullptr;
}

// Where nothing is erased any more.
std::optional<Column> KeptBy(Plant plant) {
  switch (plant) {
    case Plant::kKeepRows: return Column::kData;
    case Plant::kKeepLogRows: return Column::kLog;
    case Plant::kKeepTrees: return Column::kTree;
    case Plant::kKeepNotes: return Column::kMeta;
    default: return std::nullopt;
  }
}

}  // namespace

SimCluster::SimCluster(ClusterOptions options, Random random, Trace& trace, Observer& observer)
    : options_(std::move(options)),
      random_(random),
      trace_(trace),
      observer_(observer),
      network_(queue_, random_.Fork(), trace, observer, [this](Message message) {
        const auto to = processes_.find(message.to);
        if (to != processes_.end()) to->second->Deliver(std::move(message));
      }) {
  for (const local::Region& region : options_.topology.regions) {
    const ProcessId any = NodeProcess(region.id, region.nodes.front().id);
    rings_.try_emplace(region.id, options_.topology, any);
    for (const local::Node& node : region.nodes) nodes_.push_back(NodeProcess(region.id, node.id));
    for (const local::Gateway& gateway : region.gateways) {
      gateways_.push_back({region.id, Role::kGateway, gateway.id});
    }
  }
  for (const ProcessId process : nodes_) Add(process, options_.topology);
  for (const ProcessId process : gateways_) Add(process, options_.topology);
  if (const auto rewrite = RewriteOf(options_.plant)) network_.SetRewrite(rewrite);
}

void SimCluster::Join(ProcessId process, const local::Topology& file) {
  nodes_.push_back(process);
  Add(process, file);
  Start(process);
}

const local::Ring& SimCluster::ring(RegionId region) const {
  const local::Ring* newest = &rings_.at(region);
  for (const ProcessId process : nodes_) {
    if (process.region != region || !at(process).up()) continue;
    const local::Ring& ring = ring_node(process).ring();
    if (ring.view() > newest->view()) newest = &ring;
  }
  return *newest;
}

std::uint32_t SimCluster::NextNodeNumber(RegionId region) const {
  std::uint32_t next = 1;
  for (const ProcessId node : nodes_) {
    if (node.region == region) next = std::max(next, node.number + 1);
  }
  return next;
}

void SimCluster::Add(ProcessId process, const local::Topology& file) {
  const World world{queue_, network_, trace_, observer_};
  auto made =
      std::make_unique<SimProcess>(process, world, FactoryOf(process, file), random_.Fork());
  if (options_.plant == Plant::kAckBeforeSync) made->PretendDurable();
  if (const auto column = KeptBy(options_.plant)) made->disk().KeepErased(*column);
  if (options_.plant == Plant::kReuseIncarnation && process.role == Role::kNode) {
    DrawAboveTheClock(made->disk());
  }
  processes_.emplace(process, std::move(made));
}

SimProcess::Factory SimCluster::FactoryOf(ProcessId process, const local::Topology& file) {
  if (process.role == Role::kGateway) {
    return [this, process, file](const Storage&, Log& log, Moment now) -> std::unique_ptr<Machine> {
      node::GatewayOptions options;
      options.topology = file;
      options.self = process;
      options.life = HashOf(ToString(process), ++lives_) | 1;
      options.beats_per_extent = options_.beats_per_extent;
      auto machine = std::make_unique<node::GatewayNode>(std::move(options), log);
      machine->Start(now);
      return machine;
    };
  }
  return
      [this, process, file](const Storage& disk, Log& log, Moment now) -> std::unique_ptr<Machine> {
        node::RingNodeOptions options;
        options.topology = file;
        options.self = process;
        options.gauge = &at(process);
        options.chance = HashOf(ToString(process), ++lives_);
        options.checkpoint_interval = options_.checkpoint_interval;
        options.catch_up.interval = options_.catch_up_interval;
        options.audit = options_.audit;
        options.handing_on.erase_at_once = options_.erase_at_once;
        options.coordinator.siblings_max = options_.siblings_max;
        options.coordinator.hedge_percent = options_.hedge_percent;
        if (options_.plant == Plant::kReuseIncarnation) options.chance = 0;
        auto machine = std::make_unique<node::RingNode>(std::move(options), disk, signer_, log);
        machine->Start(now);
        return machine;
      };
}

void SimCluster::StartAll() {
  for (const auto& [id, process] : processes_) process->Start();
}

void SimCluster::Start(ProcessId process) {
  trace_.Add(queue_.now(), ToString(process) + " starts");
  at(process).Start();
}

void SimCluster::Crash(ProcessId process, bool torn) {
  SimProcess& crashing = at(process);
  if (process.role == Role::kGateway) return crashing.Crash(torn);
  const Actor actor = ring_node(process).replica().actor();
  const bool loses = crashing.disk().synced() < crashing.disk().applied();
  crashing.Crash(torn);
  if (loses && options_.plant == Plant::kReuseIncarnation) ForgetIncarnation(crashing.disk());
  observer_.OnCrashed(actor, crashing.disk());
}

void SimCluster::BackUp(ProcessId node) {
  backups_.insert_or_assign(node, at(node).disk().Copy());
}

void SimCluster::LoseDisk(ProcessId node) {
  MERIDIAN_CHECK(!IsUp(node));
  trace_.Add(queue_.now(), ToString(node) + " loses its disk");
  observer_.OnDiskGone(node, at(node).disk());
  at(node).disk().Lose();
  replaced_.insert(node);
  disks_lost_.push_back({node, queue_.now()});
  observer_.OnDiskReplaced(node, at(node).disk());
}

void SimCluster::RestoreDisk(ProcessId node) {
  MERIDIAN_CHECK(!IsUp(node));
  trace_.Add(queue_.now(), ToString(node) + " gets an old copy of its disk");
  observer_.OnDiskGone(node, at(node).disk());
  at(node).disk().Restore(backups_.at(node));
  replaced_.insert(node);
  disks_lost_.push_back({node, queue_.now()});
  observer_.OnDiskReplaced(node, at(node).disk());
}

std::size_t SimCluster::DisksReplaced(RegionId region) const {
  return static_cast<std::size_t>(std::ranges::count(replaced_, region, &ProcessId::region));
}

void SimCluster::Pause(ProcessId process) {
  trace_.Add(queue_.now(), ToString(process) + " stands still");
  at(process).Pause();
}

void SimCluster::Resume(ProcessId process) {
  if (!at(process).paused()) return;
  trace_.Add(queue_.now(), ToString(process) + " goes on");
  at(process).Resume();
}

const node::RingNode& SimCluster::ring_node(ProcessId process) const {
  MERIDIAN_CHECK(process.role == Role::kNode);
  return static_cast<const node::RingNode&>(at(process).machine());
}

void SimCluster::Ask(ProcessId process, const node::ClientRequest& request, Answered answered) {
  at(process).Serve(node::EncodeRequest(request),
                    [answered](const Bytes& body) { answered(OrStop(node::DecodeAnswer(body))); });
}

}  // namespace meridian::sim
