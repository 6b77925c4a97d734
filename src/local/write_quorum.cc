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

void WriteQuorum::AddStandIn(NodeId node) {
  MERIDIAN_CHECK(!WasAsked(node));
  targets_.push_back(node);
  waiting_.push_back(node);
}

void WriteQuorum::RecordAck(NodeId from) {
  if (std::erase(waiting_, from) == 0) return;
  acked_.push_back(from);
  const auto place = static_cast<std::size_t>(std::ranges::find(targets_, from) - targets_.begin());
  const bool stands_in = place >= primaries_ && place < targets_.size();
  acks_ += place < targets_.size() ? 1U : 0U;
  also_acks_ += IsAlsoRequired(from) || stands_in ? 1U : 0U;
  const bool is_met = acks_ >= w_ && also_acks_ >= std::min(w_, also_.size());
  if (verdict_ == Verdict::kPending && is_met) verdict_ = Verdict::kAcked;
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
