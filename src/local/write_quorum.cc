#include "local/write_quorum.h"

#include <algorithm>

#include "base/check.h"

namespace meridian::local {

WriteQuorum::WriteQuorum(std::vector<NodeId> targets, std::size_t w)
    : targets_(std::move(targets)), primaries_(targets_.size()), waiting_(targets_), w_(w) {
  MERIDIAN_CHECK(w >= 1 && w <= targets_.size());
}

void WriteQuorum::AlsoRequire(const std::vector<NodeId>& targets) {
  also_ = targets;
  for (const NodeId node : targets) {
    if (std::ranges::find(targets_, node) == targets_.end()) waiting_.push_back(node);
  }
}

bool WriteQuorum::IsAlsoRequired(NodeId node) const {
  return std::ranges::find(also_, node) != also_.end();
}

bool WriteQuorum::IsStandIn(NodeId node) const {
  return std::find(targets_.begin() + static_cast<std::ptrdiff_t>(primaries_), targets_.end(),
                   node) != targets_.end();
}

void WriteQuorum::AddStandIn(NodeId node) {
  MERIDIAN_CHECK(!WasAsked(node));
  targets_.push_back(node);
  waiting_.push_back(node);
}

void WriteQuorum::CarryOver(const WriteQuorum& before, NodeId self) {
  for (const NodeId node : before.acked_) {
    const bool is_hint = before.IsStandIn(node);
    if (WasAsked(node) == is_hint) continue;
    if (is_hint) AddStandIn(node);
    RecordAck(node);
  }
  if (!before.IsStandIn(self)) return;
  if (WasAsked(self)) {
    RecordRefusal(self);
  } else {
    AddStandIn(self);
  }
}

void WriteQuorum::Count(NodeId node, Acks& acks) const {
  const bool is_target = std::ranges::find(targets_, node) != targets_.end();
  acks.targets += is_target ? 1U : 0U;
  acks.also += IsAlsoRequired(node) || IsStandIn(node) ? 1U : 0U;
}

bool WriteQuorum::IsMet(const Acks& acks) const {
  return acks.targets >= w_ && acks.also >= std::min(w_, also_.size());
}

void WriteQuorum::RecordAck(NodeId from) {
  if (std::erase(waiting_, from) == 0) return;
  if (acked_.empty()) acked_.reserve(targets_.size());
  acked_.push_back(from);
  Count(from, acks_);
  if (verdict_ == Verdict::kPending && IsMet(acks_)) verdict_ = Verdict::kAcked;
}

bool WriteQuorum::CanBeMet(const std::function<bool(NodeId)>& may_answer) const {
  Acks acks = acks_;
  for (const NodeId node : waiting_) {
    if (may_answer(node)) Count(node, acks);
  }
  return IsMet(acks);
}

void WriteQuorum::RecordRefusal(NodeId from) {
  std::erase(waiting_, from);
}

bool WriteQuorum::WasAsked(NodeId node) const {
  return IsAlsoRequired(node) || std::ranges::find(targets_, node) != targets_.end();
}

void WriteQuorum::RecordDeadline() {
  if (verdict_ == Verdict::kPending) verdict_ = Verdict::kFailed;
}

}  // namespace meridian::local
