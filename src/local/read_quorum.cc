#include "local/read_quorum.h"

#include <algorithm>

namespace meridian::local {

bool ReadQuorum::HasAnswerOf(NodeId node) const {
  return std::ranges::any_of(answers_, [&](const auto& answer) { return answer.first == node; });
}

void ReadQuorum::Merge(const crdt::Row& row) {
  merged_ = std::exchange(has_merged_, true) ? crdt::Join(merged_, row, policy_) : row;
}

void ReadQuorum::Decide() {
  if (verdict_ != Verdict::kPending || answers_.size() < r_ || !missing_.empty()) return;
  verdict_ = Verdict::kAnswered;
}

void ReadQuorum::Record(NodeId from, crdt::Row row) {
  if (HasAnswerOf(from)) return;
  Merge(row);
  answers_.emplace_back(from, std::move(row));
  Decide();
}

void ReadQuorum::RecordRegion(RegionId from, const crdt::Row& row) {
  if (std::erase(missing_, from) == 0) return;
  Merge(row);
  Decide();
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
