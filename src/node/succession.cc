#include "node/succession.h"

#include <algorithm>
#include <iterator>

#include "base/fail_stop.h"
#include "local/messages.h"
#include "node/request_rules.h"

namespace meridian::node {
namespace {

using local::Stage;
using local::View;

constexpr ByteView kViewKey = "view";
constexpr std::uint8_t kViewVersion = 1;
// By which voters draw apart before they take a step that is due.
constexpr Duration kStepApart = std::chrono::milliseconds(250);

std::optional<View> StoredView(const Storage& disk) {
  const auto stored = OrStop(disk.Get(Column::kMeta, kViewKey));
  if (!stored) return std::nullopt;
  return OrStop(DecodeVersioned<View>(kViewVersion, *stored));
}

}  // namespace

local::Ring Succession::RingAtStart(const local::Topology& file, ProcessId self,
                                    const Storage& disk) {
  if (const auto stored = StoredView(disk)) {
    local::Ring ring = local::Ring::Unknown(file, self);
    ring.Adopt(*stored);
    return ring;
  }
  return file.epoch == Epoch{1} ? local::Ring(file, self) : local::Ring::Unknown(file, self);
}

void Succession::Start(Moment now) {
  decree_.Load();
  if (auto stored = StoredView(turn_)) {
    view_ = std::move(*stored);
  } else if (ring_.IsKnown()) {
    view_ = local::FirstView(ring_.topology(), {});
    Store();  // the file may say another epoch at the next start
  } else {
    log_.Write(Severity::kInfo, "waiting until epoch " +
                                    std::to_string(ring_.topology().epoch.value) +
                                    " is applied to the ring");
  }
  turn_.SetView(view_.number);
  own_.number = view_.number;
  adopted_at_ = now.monotonic;
  OpenSlot(now);
  next_notice_ = now.monotonic;
}

void Succession::Store() {
  turn_.Put(Column::kMeta, Bytes(kViewKey), EncodeVersioned(kViewVersion, view_));
}

// The nodes of the layout that was in force before a change decide about all its steps.
void Succession::OpenSlot(Moment now) {
  gaining_.clear();
  gate_open_since_.reset();
  if (view_.number == 0) return;
  const RegionId here = ring_.self().region;
  const bool is_settled = view_.stage == Stage::kSettled;
  const local::Region* region =
      (is_settled ? view_.layout : *view_.former).topology.FindRegion(here);
  std::vector<NodeId> voters;
  for (const local::Node& node : region->nodes) voters.push_back(node.id);
  decree_.Open(now, view_.number + 1, std::move(voters));
  if (view_.stage != Stage::kFilling) return;
  // Also who comes and gains nothing, by its weight: it will have a vote, and must be there.
  for (const local::Node& node : view_.layout.topology.FindRegion(here)->nodes) {
    if (std::ranges::find(region->nodes, node.id, &local::Node::id) == region->nodes.end()) {
      gaining_.insert(node.id);
    }
  }
  for (const local::PartitionKey key : ring_.Partitions()) {
    const local::PreferenceList* list = ring_.AlsoWrittenTo(key);
    if (list == nullptr) continue;
    for (const NodeId node : list->Primaries()) {
      if (ring_.IsFilling(key, node)) gaining_.insert(node);
    }
  }
}

bool Succession::Accept(Moment now, ProcessId from, std::uint64_t view) {
  if (view == view_.number) return view != 0;
  ++stale_messages_;
  if (view < view_.number) {
    Tell(now, from);
  } else {
    AskFor(now, from);
  }
  return false;
}

void Succession::Tell(Moment now, ProcessId to) {
  const auto [told, is_first] = told_.emplace(to, now.monotonic);
  if (!is_first && now.monotonic - told->second < options_.tell_again) return;
  told->second = now.monotonic;
  turn_.Send(to, Pack(local::ViewTold{view_}));
}

void Succession::AskFor(Moment now, ProcessId from) {
  if (now.monotonic - asked_at_ < options_.tell_again / 10) return;
  asked_at_ = now.monotonic;
  turn_.Send(from, Pack(local::ViewAsk{view_.number}));
}

void Succession::Heard(Moment now, ProcessId from) {
  const auto found = heard_at_.find(from);
  if (found != heard_at_.end()) found->second = now.monotonic;
}

void Succession::OnNotice(Moment now, ProcessId from, const local::ViewNotice& notice) {
  if (notice.number > view_.number) return AskFor(now, from);
  if (notice.number < view_.number) return Tell(now, from);
  notices_[from] = notice;
  heard_at_[from] = now.monotonic;
  CheckGate(now);
}

void Succession::OnAsk(Moment now, ProcessId from, const local::ViewAsk& ask) {
  if (ask.number < view_.number) Tell(now, from);
}

void Succession::OnTold(Moment now, local::ViewTold told) {
  if (told.view.number <= view_.number) return;
  Adopt(now, std::move(told.view));
}

void Succession::Adopt(Moment now, View view) {
  if (!IsUsableIn(view, ring_.self().region)) {
    return log_.Write(Severity::kError, "view " + std::to_string(view.number) +
                                            " cannot be used here: it lacks this region");
  }
  view_ = std::move(view);
  ring_.Adopt(view_);
  Store();
  turn_.SetView(view_.number);
  own_ = {view_.number, false, false};
  notices_.clear();
  heard_at_.clear();
  told_.clear();
  adopted_at_ = now.monotonic;
  had_time_ = false;
  adopted_ = true;
  OpenSlot(now);
  log_.Write(Severity::kInfo, "epoch " + std::to_string(view_.layout.epoch().value) + " is " +
                                  NameOf(view_.stage) + " (view " + std::to_string(view_.number) +
                                  ")" +
                                  (ring_.HasSelf() ? "" : "; this node is no longer part of it"));
  AnswerWishes(now);
  SendNotices();
  next_notice_ = now.monotonic + options_.interval;
}

void Succession::OnLayout(Moment now, local::LayoutTold told) {
  if (view_.number == 0 || told.layout.epoch() <= view_.layout.epoch()) return;
  if (!decree_.IsVoter() || decree_.HasWish()) return;
  if (!told.layout.IsComplete(ring_.self().region) || HandsOnStill()) return;
  auto next = ViewForLayout(view_, ring_.self().region, std::move(told.layout));
  if (next) decree_.Propose(now, Encode(*next));  // else after the change that is under way
}

void Succession::OnCall(Moment now, NodeId from, local::DecreeCall call) {
  decree_.OnCall(now, from, std::move(call));
  CheckChosen(now);
}

void Succession::OnDurable(Moment now, BatchId up_to) {
  decree_.OnDurable(now, up_to);
  CheckChosen(now);
  if (own_after_ != BatchId{} && own_after_ <= up_to) {
    own_after_ = {};
    CheckGate(now);
  }
}

void Succession::CheckChosen(Moment now) {
  const auto chosen = decree_.TakeChosen();
  if (!chosen) return;
  View view = OrStop(Decode<View>(*chosen));
  if (view.number <= view_.number) return;
  std::vector<ProcessId> all = Peers();  // who was to come, and is given up, is no peer afterwards
  Adopt(now, std::move(view));
  std::ranges::copy(Peers(), std::back_inserter(all));
  for (const ProcessId peer : all) Tell(now, peer);
}

// Everybody of the present and the former topology: who is gone has rows to hand over.
std::vector<ProcessId> Succession::Peers() const {
  std::set<ProcessId> peers;
  const RegionId here = ring_.self().region;
  for (const NodeId node : ring_.Nodes()) peers.insert(NodeProcess(here, node));
  const auto add = [&](const local::Topology* topology) {
    const local::Region* region = topology == nullptr ? nullptr : topology->FindRegion(here);
    if (region == nullptr) return;
    for (const local::Gateway& gateway : region->gateways) {
      peers.insert({here, Role::kGateway, gateway.id});
    }
  };
  add(&ring_.topology());
  add(ring_.former_topology());
  peers.erase(ring_.self());
  return {peers.begin(), peers.end()};
}

// They claim that this node is in the view for good, so they wait until that is durable.
void Succession::SendNotices() {
  notices_[ring_.self()] = own_;
  own_after_ = turn_.Barrier();
  for (const ProcessId peer : Peers()) {
    if (view_.number == 0) {
      if (peer.role == Role::kNode) turn_.Send(peer, Pack(local::ViewAsk{0}));
    } else {
      turn_.Send(peer, Pack(own_), turn_.Barrier());
    }
  }
}

void Succession::SetProgress(Moment now, bool filled, bool handed_on) {
  if (own_.filled == filled && own_.handed_on == handed_on) return;
  own_.filled = filled;
  own_.handed_on = handed_on;
  SendNotices();
  CheckGate(now);
}

// At least so many former primaries have this view that no W or R of them can go without one.
bool Succession::MostFormerKnow(local::PartitionKey key) const {
  const auto table = view_.former->tables.find(ring_.self().region);
  const local::PreferenceList* list = table->second.ListOf(key.placement, key.partition);
  if (list == nullptr) return true;
  const std::size_t quorum = list->primaries / 2 + 1;
  std::size_t know = 0;
  for (const NodeId node : list->Primaries()) {
    know += notices_.contains(ring_.Process(node)) ? 1U : 0U;
  }
  return know >= list->primaries - quorum + 1;
}

bool Succession::IsGateOpen() const {
  if (view_.stage == Stage::kFilling) {
    return std::ranges::all_of(gaining_, [&](NodeId node) {
      const auto notice = notices_.find(ring_.Process(node));
      return notice != notices_.end() && notice->second.filled;
    });
  }
  return view_.stage == Stage::kSwitched &&
         std::ranges::all_of(ring_.Partitions(), [&](local::PartitionKey key) {
           return ring_.AlsoWrittenTo(key) == nullptr || MostFormerKnow(key);
         });
}

void Succession::CheckGate(Moment now) {
  if (view_.stage == Stage::kSettled || !decree_.IsVoter() || decree_.HasWish()) return;
  if (own_after_ != BatchId{}) return;
  if (!IsGateOpen()) return gate_open_since_.reset();
  if (!gate_open_since_) gate_open_since_ = now.monotonic;
  std::size_t rank = 0;
  for (const NodeId node : ring_.Nodes()) rank += node.value < ring_.self().number ? 1U : 0U;
  if (now.monotonic < *gate_open_since_ + kStepApart * rank) return;
  decree_.Propose(now, Encode(NextStep(view_)));
}

// Who has left and does not speak any more is down, and nobody waits for it.
void Succession::ForgetSilent(Moment now) {
  if (view_.stage != Stage::kSettled) return;  // until then it matters who has heard of the view
  std::erase_if(heard_at_, [&](const auto& heard) {
    const auto& [from, at] = heard;
    const bool is_gone = from.role == Role::kNode && !ring_.HasNode({from.number}) &&
                         now.monotonic - at > options_.gone_after;
    if (is_gone) notices_.erase(from);
    return is_gone;
  });
}

// Who has left and says nothing is down for good, or handed everything on long ago.
std::vector<NodeId> Succession::Awaited() const {
  std::vector<NodeId> awaited;
  for (const NodeId node : ring_.Nodes()) {
    const auto notice = notices_.find(ring_.Process(node));
    const bool speaks = notice != notices_.end();
    bool is_done = speaks;
    if (gaining_.contains(node)) {
      is_done = speaks && notice->second.filled;
    } else if (view_.stage == Stage::kSettled) {
      is_done = speaks ? notice->second.handed_on : !ring_.HasNode(node) && had_time_;
    }
    if (!is_done) awaited.push_back(node);
  }
  return awaited;
}

void Succession::Tick(Moment now) {
  decree_.Tick(now);
  CheckChosen(now);
  if (wish_ && now.monotonic >= wish_->deadline) {
    ClientAnswer late = Refused(Status::kTimeout,
                                "too few nodes answered; the change may yet be decided: ask for "
                                "the epoch before you try again");
    late.maybe = true;
    turn_.Reply(wish_->tag, EncodeAnswer(late));
    wish_.reset();
  }
  if (now.monotonic < next_notice_) return;
  next_notice_ = now.monotonic + options_.interval;
  had_time_ = now.monotonic - adopted_at_ > 3 * options_.interval;
  ForgetSilent(now);
  // While the disk is full none leaves, and they would pile up.
  if (turn_.Unless(own_after_) == BatchId{}) SendNotices();
  CheckGate(now);
}

Instant Succession::NextDeadline() const {
  Instant next = std::min(next_notice_, decree_.NextDeadline());
  if (wish_) next = std::min(next, wish_->deadline);
  return next;
}

}  // namespace meridian::node
