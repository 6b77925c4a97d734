#include "local/read_quorum.h"

#include <algorithm>

namespace meridian::local {

bool ReadQuorum::HasAnswerOf(NodeId node) const {
  return std::ranges::any_of(answers_, [&](const auto& answer) { return answer.first == node; });
}

void ReadQuorum::Record(NodeId from, crdt::Row row) {
  if (HasAnswerOf(from)) return;
  merged_ = answers_.empty() ? row : crdt::Join(merged_, row, policy_);
  answers_.emplace_back(from, std::move(row));
  if (verdict_ == Verdict::kPending && answers_.size() >= r_) verdict_ = Verdict::kAnswered;
}

void ReadQuorum::RecordDeadline() {
  if (verdict_ == Verdict::kPending) verdict_ = Verdict::kFailed;
}

std::vector<NodeId> ReadQuorum::Stale() const {
  std::vector<NodeId> stale;
  for (const auto& [node, row] : answers_) {
    if (row != merged_) stale.push_back(node);
  }
  return stale;
}

}  // namespace meridian::local
