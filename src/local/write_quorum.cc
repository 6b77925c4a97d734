#include "local/write_quorum.h"

#include <algorithm>

#include "base/check.h"

namespace meridian::local {

WriteQuorum::WriteQuorum(std::vector<NodeId> targets, std::size_t w)
    : targets_(std::move(targets)), waiting_(targets_), w_(w) {
  MERIDIAN_CHECK(w >= 1 && w <= targets_.size());
}

void WriteQuorum::AddStandIn(NodeId node) {
  MERIDIAN_CHECK(!WasAsked(node));
  targets_.push_back(node);
  waiting_.push_back(node);
}

void WriteQuorum::RecordAck(NodeId from) {
  acks_ += std::erase(waiting_, from);
  if (verdict_ == Verdict::kPending && acks_ >= w_) verdict_ = Verdict::kAcked;
}

void WriteQuorum::RecordRefusal(NodeId from) {
  std::erase(waiting_, from);
}

bool WriteQuorum::WasAsked(NodeId node) const {
  return std::ranges::find(targets_, node) != targets_.end();
}

void WriteQuorum::RecordDeadline() {
  if (verdict_ == Verdict::kPending) verdict_ = Verdict::kFailed;
}

}  // namespace meridian::local
