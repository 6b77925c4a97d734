#include "node/gateway.h"

#include <algorithm>

#include "base/overloaded.h"
#include "node/request_rules.h"

namespace meridian::node {
namespace {

constexpr Duration kHeldQuestionLife = std::chrono::seconds(60);
constexpr std::size_t kHeldQuestionsMax = 8192;

}  // namespace

// A gateway has no disk, so its Turn reads from this.
class GatewayNode::NoStorage final : public Storage {
 public:
  Result<std::optional<Bytes>> Get(Column, ByteView) const override {
    return std::optional<Bytes>{};
  }
  Result<std::vector<std::optional<Bytes>>> MultiGet(
      Column, const std::vector<Bytes>& keys) const override {
    return std::vector<std::optional<Bytes>>(keys.size());
  }
  Result<Done> Scan(Column, ByteView, ByteView,
                    const std::function<bool(const Entry&)>&) const override {
    return Done{};
  }
};

GatewayNode::GatewayNode(GatewayOptions options, Log& log)
    : options_(std::move(options)),
      ring_(GatewaySuccession::RingAtStart(options_.topology, options_.self)),
      no_storage_(std::make_unique<NoStorage>()),
      turn_(options_.self, *no_storage_),
      succession_(ring_, turn_, log),
      view_(ring_),
      writer_(ring_, turn_, options_.life),
      reader_(ring_, turn_, options_.life),
      log_(log) {
  for (const local::Region& region : ring_.topology().regions) {
    if (region.id == options_.self.region || region.gateways.empty()) continue;
    remotes_.try_emplace(region.id, ring_, region.id, view_, turn_, options_.life, options_.outbox);
  }
}

GatewayNode::~GatewayNode() = default;

void GatewayNode::Start(Moment now) {
  now_ = now;
  next_beat_ = now.monotonic;
  log_.Write(Severity::kInfo, "started; " + std::to_string(remotes_.size()) + " other regions");
}

void GatewayNode::Receive(Moment now, Message message) {
  now_ = now;
  const auto refuse = [&](const Error& error) {
    ++corrupt_messages_;
    log_.Write(Severity::kWarning, "message of " + ring_.topology().NameOf(message.from) +
                                       " dropped: " + error.message);
  };
  if (message.from.region == options_.self.region) {
    Result<local::RingMessage> decoded = local::UnpackRingMessage(message.body);
    if (!decoded) return refuse(decoded.error());
    FromNode(now, message.from, std::move(*decoded));
    if (succession_.TakeAdopted()) FollowView();
  } else {
    Result<wan::WanMessage> decoded = wan::UnpackWanMessage(message.body);
    if (!decoded) return refuse(decoded.error());
    if (ring_.IsKnown()) FromGateway(now, message.from, std::move(*decoded));
  }
}

// Batches and reads under way were meant for the primaries of another view; who wants them sends
// them again.
void GatewayNode::FollowView() {
  writer_.Forget();
  reader_.Forget();
  view_.FollowRing();
}

void GatewayNode::FromNode(Moment now, ProcessId from, local::RingMessage message) {
  const NodeId node{from.number};
  if (succession_.Take(message, from) || !ring_.IsKnown()) return;
  std::visit(Overloaded{
                 [&](const local::FeedRows& m) { OnFeed(m); },
                 [&](const local::SeenReport& m) { view_.OnReport(node, m); },
                 [&](const local::ReplicateAck& m) {
                   for (const std::uint64_t id : m.ids) writer_.OnAck(node, id);
                 },
                 [&](const local::LogRows& m) {
                   orphans_ += m.orphans;
                   for (auto& [id, remote] : remotes_) remote.OnLogRows(m);
                 },
                 [&](const local::HeldAsk& m) { OnHeldAsk(now, from, m); },
                 [&](const local::ReadElsewhere& m) { OnReadElsewhere(now, from, m); },
                 [&](local::RowRead& m) { reader_.OnRowRead(node, std::move(m)); },
                 // All primaries are asked anyway.
                 [&](const local::ReadRefused&) {},
                 [&](const auto&) { ++corrupt_messages_; },
             },
             message);
}

void GatewayNode::OnFeed(const local::FeedRows& rows) {
  rows_fed_ += rows.rows.size();
  for (const crdt::RowUpdate& update : rows.rows) {
    const auto key = ring_.PartitionOfToken(update.key.placement, update.key.token());
    for (auto& [id, remote] : remotes_) remote.Offer({key, update});
  }
}

// Asked again by a node that fears that the question was lost; it is then one question all the
// same.
void GatewayNode::OnHeldAsk(Moment now, ProcessId from, const local::HeldAsk& ask) {
  if (held_questions_.size() >= kHeldQuestionsMax) return;
  const bool is_known = std::ranges::any_of(held_questions_, [&](const HeldQuestion& question) {
    return question.node == from && question.id == ask.id;
  });
  if (is_known) return;
  held_questions_.push_back({from, ask.id, ask.key, ask.dot, now.monotonic + kHeldQuestionLife});
}

void GatewayNode::FromGateway(Moment now, ProcessId from, wan::WanMessage message) {
  const auto at = remotes_.find(from.region);
  if (at == remotes_.end()) return;
  RemoteRegion& remote = at->second;
  remote.OnHeard(now, from);
  if (succession_.Take(message, from)) return;
  std::visit(Overloaded{
                 [&](wan::Batch& m) {
                   writer_.Write(now, {from, m.life, m.number}, std::move(m.rows));
                 },
                 [&](const wan::BatchAck& m) { remote.OnAck(now, m); },
                 [&](const wan::ExtentAsk& m) {
                   if (view_.ready()) remote.SendExtent({m.origin}, from);
                 },
                 [&](const wan::Extent& m) {
                   if (view_.ready()) remote.OnExtent(m);
                 },
                 [&](const wan::Beat& m) {
                   succession_.OnBeat(from, m);
                   remote.OnBeat(now, from, m);
                 },
                 [&](const wan::RowAsk& m) { reader_.Read(now, from, m); },
                 [&](wan::RowAnswer& m) { OnRowAnswer(from.region, std::move(m)); },
                 [&](const wan::LayoutAsk&) {},
                 [&](const wan::LayoutAnswer&) {},
             },
             message);
}

void GatewayNode::OnReadElsewhere(Moment now, ProcessId from, const local::ReadElsewhere& ask) {
  for (const RegionId region : ask.regions) {
    const auto remote = remotes_.find(region);
    if (remote == remotes_.end()) continue;
    remote->second.AskRow(now, {{from.number}, ask.id, ask.key, ask.timeout_ms});
  }
}

// Whichever gateway the answer comes to: it says itself who had asked.
void GatewayNode::OnRowAnswer(RegionId from, wan::RowAnswer answer) {
  const std::vector<NodeId> nodes = ring_.Nodes();
  if (std::ranges::find(nodes, answer.node) == nodes.end()) return;
  turn_.Send(ring_.Process(answer.node),
             local::Pack(local::RowElsewhere{answer.id, from, std::move(answer.row)}));
}

void GatewayNode::Beat(Moment now) {
  succession_.Beat();
  if (!ring_.IsKnown()) return;
  ++beats_;
  // Every other beat: what another region says it holds is up to two beats old, so what counts as
  // settled here must be older, or under load all that is in flight would be sent again.
  if (beats_ % 2 == 0) view_.Advance();
  for (const NodeId node : ring_.Nodes()) {
    turn_.Send(ring_.Process(node), local::Pack(view_.OrderFor(node)));
  }
  const std::vector<std::uint32_t>& sharing = view_.gateways();
  const auto mine = std::ranges::find(sharing, options_.self.number);
  for (auto& [id, remote] : remotes_) {
    if (mine != sharing.end()) {
      remote.SetShare(static_cast<std::size_t>(mine - sharing.begin()), sharing.size());
    }
    remote.Beat(now);
  }
  // They all know the same of this region, so one of them asks for all.
  const bool is_first = mine == sharing.end() || mine == sharing.begin();
  if (beats_ % options_.beats_per_extent == 0 && view_.ready() && is_first) ExchangeExtents(now);
}

// One neighbour at a time is asked for what its own origin does not bring.
void GatewayNode::ExchangeExtents(Moment now) {
  std::vector<RegionId> alive;
  for (const auto& [id, remote] : remotes_) {
    if (remote.Alive(now)) alive.push_back(id);
  }
  if (alive.empty()) return;
  const RegionId helper = alive[(beats_ / options_.beats_per_extent) % alive.size()];
  for (const RegionId id : alive) {
    RemoteRegion& remote = remotes_.at(id);
    // What it has seen is what is held here: nothing to ask, and an idle link stays silent.
    if (remote.HoldsTheSame()) continue;
    remote.SendExtent(OriginsToAsk(now, id, id == helper), std::nullopt);
  }
}

// The neighbour's own origin; of the helper also this region's own, whose rows may have been lost
// here, and those of regions that have fallen silent.
std::vector<RegionId> GatewayNode::OriginsToAsk(Moment now, RegionId neighbour,
                                                bool is_helper) const {
  std::vector<RegionId> origins{neighbour};
  if (!is_helper) return origins;
  origins.push_back(options_.self.region);
  for (const local::Region& region : ring_.topology().regions) {
    if (region.id == neighbour || region.id == options_.self.region) continue;
    const auto remote = remotes_.find(region.id);
    if (remote == remotes_.end() || !remote->second.Alive(now)) origins.push_back(region.id);
  }
  return origins;
}

void GatewayNode::AckWritten(Moment now) {
  std::map<ProcessId, wan::BatchAck> acks;
  for (const RegionWriter::Written& written : writer_.TakeWritten()) {
    wan::BatchAck& ack = acks[written.ticket.from];
    ack.life = written.ticket.life;
    if (written.left.empty()) {
      ack.numbers.push_back(written.ticket.number);
    } else {
      ack.parts.push_back({written.ticket.number, written.left});
    }
    for (const RegionWriter::Newest& newest : written.newest) {
      const auto origin = remotes_.find(newest.origin);
      if (origin != remotes_.end()) origin->second.lag().OnHeld(now, newest.stamp);
    }
  }
  for (const auto& [gateway, ack] : acks) turn_.Send(gateway, wan::Pack(ack));
}

void GatewayNode::AnswerHeldQuestions(Moment now) {
  std::erase_if(held_questions_, [&](const HeldQuestion& question) {
    const bool everywhere = std::ranges::all_of(remotes_, [&](const auto& remote) {
      return !remote.second.Concerns(question.key) ||
             remote.second.Holds(question.key, question.dot);
    });
    if (everywhere) turn_.Send(question.node, local::Pack(local::HeldEverywhere{question.id}));
    return everywhere || now.monotonic >= question.deadline;
  });
}

void GatewayNode::Serve(Moment now, Request request) {
  now_ = now;
  const Result<ClientRequest> decoded = DecodeRequest(request.body);
  ClientAnswer answer;
  if (!decoded || decoded->operation <= Operation::kDelete ||
      decoded->operation >= Operation::kCopy) {
    answer = Refused(Status::kBadRequest, "this is a gateway; ask a node of the region");
  } else if (decoded->operation == Operation::kStatus) {
    answer.values = {StatusJson(now)};
  } else if (decoded->operation == Operation::kMetrics) {
    answer.values = {EncodeMetrics(Metrics(now))};
  } else if (!view_.ready()) {
    answer = Refused(Status::kUnavailable, "this gateway has not heard of enough nodes yet");
  }
  turn_.Reply(request.tag, EncodeAnswer(answer));
}

void GatewayNode::Tick(Moment now) {
  now_ = now;
  writer_.Tick(now);
  reader_.Tick(now);
  if (now.monotonic >= next_beat_) {
    next_beat_ = now.monotonic + options_.beat;
    Beat(now);
  }
}

Instant GatewayNode::NextDeadline() const {
  Instant next = std::min({next_beat_, writer_.NextDeadline(), reader_.NextDeadline()});
  for (const auto& [id, remote] : remotes_) next = std::min(next, remote.NextDeadline());
  return next;
}

Output GatewayNode::TakeOutput() {
  AckWritten(now_);
  if (!held_questions_.empty()) AnswerHeldQuestions(now_);
  for (auto& [id, remote] : remotes_) remote.Pump(now_);
  return turn_.Take();
}

}  // namespace meridian::node
