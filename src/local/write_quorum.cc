#include "local/write_quorum.h"

#include "base/check.h"

namespace meridian::local {

WriteQuorum::WriteQuorum(std::vector<NodeId> targets, std::size_t w)
    : targets_(std::move(targets)), waiting_(targets_), w_(w) {
  MERIDIAN_CHECK(w >= 1 && w <= targets_.size());
}

void WriteQuorum::RecordAck(NodeId from) {
  std::erase(waiting_, from);
  if (verdict_ == Verdict::kPending && acks() >= w_) verdict_ = Verdict::kAcked;
}

void WriteQuorum::RecordDeadline() {
  if (verdict_ == Verdict::kPending) verdict_ = Verdict::kFailed;
}

}  // namespace meridian::local
