#include "local/read_quorum.h"

#include <algorithm>

#include "base/check.h"
#include "local/row_digest.h"

namespace meridian::local {
namespace {

std::size_t BytesOf(const crdt::Row& row) {
  std::size_t bytes = row.context.entries().size() * sizeof(crdt::Dot);
  for (const crdt::Version& version : row.versions) {
    bytes += sizeof(version) + (version.value ? version.value->size() : 0);
  }
  return bytes;
}

}  // namespace

bool ReadQuorum::HasAnswerOf(NodeId node) const {
  return std::ranges::any_of(answers_, [&](const Answer& answer) { return answer.from == node; });
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
  bytes_ += 2 * BytesOf(row);  // once more in merged_
  answers_.push_back({from, false, std::move(row)});
  Decide();
}

bool ReadQuorum::RecordDigest(NodeId from, std::uint64_t digest) {
  MERIDIAN_CHECK(!answers_.empty());
  if (HasAnswerOf(from)) return true;
  if (!digest_) digest_ = DigestOf(answers_.front().row);
  if (*digest_ != digest) return false;
  answers_.push_back({from, true, {}});
  Decide();
  return true;
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
  for (const Answer& answer : answers_) {
    const crdt::Row& row = answer.like_first ? answers_.front().row : answer.row;
    if (row != merged_) stale.push_back(answer.from);
  }
  return stale;
}

}  // namespace meridian::local
