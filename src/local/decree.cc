#include "local/decree.h"

#include <algorithm>

#include "base/fail_stop.h"
#include "local/messages.h"

namespace meridian::local {
namespace {

constexpr ByteView kVoteKey = "decree";
constexpr std::uint8_t kVoteVersion = 1;

}  // namespace

void Decree::Load() {
  const auto stored = OrStop(turn_.Get(Column::kMeta, kVoteKey));
  if (stored) vote_ = OrStop(DecodeVersioned<Vote>(kVoteVersion, *stored));
}

bool Decree::IsVoter() const {
  return !abstains_ && std::ranges::find(voters_, NodeId{self_.number}) != voters_.end();
}

// Proposers of one rank after the other, so that they do not outbid each other for ever.
Duration Decree::Apart() const {
  const auto rank = std::ranges::find(voters_, NodeId{self_.number}) - voters_.begin();
  return options_.rank_step * rank;
}

void Decree::Open(Moment now, std::uint64_t slot, std::vector<NodeId> voters) {
  slot_ = slot;
  voters_ = std::move(voters);
  wish_.reset();
  round_.reset();
  own_.clear();
  next_round_ = orphaned_at_ = kNever;
  if (vote_.slot == slot && vote_.accepted.round != 0) {
    orphaned_at_ = now.monotonic + options_.orphaned_after + Apart();
  }
}

void Decree::Propose(Moment now, Bytes value) {
  if (wish_ || !IsVoter()) return;
  wish_ = std::move(value);
  BeginRound(now);
}

void Decree::BeginRound(Moment now) {
  const std::uint64_t promised = vote_.slot == slot_ ? vote_.promised.round : 0;
  highest_round_ = std::max(highest_round_, promised) + 1;
  round_ = Round{};
  round_->ballot = {highest_round_, {self_.number}};
  next_round_ = now.monotonic + options_.patience + Apart();
  Ask(now, {DecreeCallKind::kPrepare, slot_, round_->ballot, {}, {}});
}

void Decree::Ask(Moment now, const DecreeCall& call) {
  OnCall(now, {self_.number}, call);
  const BatchId after = call.kind == DecreeCallKind::kPrepare ? turn_.Barrier() : BatchId{};
  for (const NodeId voter : voters_) {
    if (voter.value == self_.number) continue;
    turn_.Send(NodeProcess(self_.region, voter), Pack(call), after);
  }
}

// An own vote counts when it is durable, like any other.
void Decree::Answer(Moment, NodeId to, DecreeCall call) {
  if (to.value == self_.number) {
    own_.emplace_back(turn_.Open(), std::move(call));
  } else {
    turn_.Send(NodeProcess(self_.region, to), Pack(call), turn_.Barrier());
  }
}

void Decree::OnDurable(Moment now, BatchId up_to) {
  std::vector<DecreeCall> due;
  std::erase_if(own_, [&](auto& vote) {
    if (vote.first > up_to) return false;
    due.push_back(std::move(vote.second));
    return true;
  });
  for (DecreeCall& call : due) OnCall(now, {self_.number}, std::move(call));
}

void Decree::OnCall(Moment now, NodeId from, DecreeCall call) {
  if (call.slot != slot_ || std::ranges::find(voters_, from) == voters_.end()) return;
  highest_round_ = std::max(highest_round_, call.ballot.round);
  switch (call.kind) {
    case DecreeCallKind::kPrepare: return OnPrepare(now, from, call);
    case DecreeCallKind::kAccept: return OnAccept(now, from, std::move(call));
    case DecreeCallKind::kPromise: return OnPromise(now, from, std::move(call));
    case DecreeCallKind::kAccepted: return OnAccepted(from, call);
    case DecreeCallKind::kRefuse: return OnRefuse(now, call);
  }
}

void Decree::Store() {
  turn_.Put(Column::kMeta, Bytes(kVoteKey), EncodeVersioned(kVoteVersion, vote_));
}

void Decree::OnPrepare(Moment now, NodeId from, const DecreeCall& call) {
  if (!IsVoter()) return;
  if (vote_.slot != slot_) vote_ = {slot_, {}, {}, {}};
  if (call.ballot < vote_.promised) {
    return Answer(now, from, {DecreeCallKind::kRefuse, slot_, call.ballot, vote_.promised, {}});
  }
  vote_.promised = call.ballot;
  Store();
  Answer(now, from, {DecreeCallKind::kPromise, slot_, call.ballot, vote_.accepted, vote_.value});
}

void Decree::OnAccept(Moment now, NodeId from, DecreeCall call) {
  if (!IsVoter()) return;
  if (vote_.slot != slot_) vote_ = {slot_, {}, {}, {}};
  if (call.ballot < vote_.promised) {
    return Answer(now, from, {DecreeCallKind::kRefuse, slot_, call.ballot, vote_.promised, {}});
  }
  vote_.promised = vote_.accepted = call.ballot;
  vote_.value = std::move(call.value);
  Store();
  if (orphaned_at_ == kNever) {
    orphaned_at_ = now.monotonic + options_.orphaned_after + Apart();
  }
  Answer(now, from, {DecreeCallKind::kAccepted, slot_, call.ballot, {}, {}});
}

void Decree::OnPromise(Moment now, NodeId from, DecreeCall call) {
  if (!round_ || round_->accepting || call.ballot != round_->ballot) return;
  round_->promises.insert(from);
  if (call.accepted > round_->highest) {
    round_->highest = call.accepted;
    round_->value = std::move(call.value);
  }
  if (!IsMost(round_->promises)) return;
  round_->accepting = true;
  if (round_->highest.round == 0) round_->value = *wish_;
  Ask(now, {DecreeCallKind::kAccept, slot_, round_->ballot, {}, round_->value});
}

void Decree::OnAccepted(NodeId from, const DecreeCall& call) {
  if (!round_ || !round_->accepting || call.ballot != round_->ballot) return;
  round_->accepts.insert(from);
  if (!IsMost(round_->accepts)) return;
  chosen_ = std::move(round_->value);
  round_.reset();
  next_round_ = orphaned_at_ = kNever;
}

// Outbid: try again after the other has had its time.
void Decree::OnRefuse(Moment now, const DecreeCall& call) {
  highest_round_ = std::max(highest_round_, call.accepted.round);
  if (!round_ || call.ballot != round_->ballot) return;
  round_.reset();
  next_round_ = now.monotonic + options_.patience / 4 + Apart();
}

void Decree::Tick(Moment now) {
  if (now.monotonic >= orphaned_at_) {
    orphaned_at_ = kNever;
    if (!wish_) Propose(now, vote_.value);
  }
  if (now.monotonic < next_round_ || !wish_) return;
  if (!IsVoter()) {
    next_round_ = now.monotonic + options_.patience;  // it may be one again
    return;
  }
  BeginRound(now);
}

}  // namespace meridian::local
