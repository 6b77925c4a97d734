#include "local/rebuild_check.h"

#include <algorithm>

#include "base/big_endian.h"
#include "base/fail_stop.h"

namespace meridian::local {

using crdt::MerkleTree;

RebuildCheck::RebuildCheck(const Ring& ring, Turn& turn, Replica& replica, RebuildOptions options)
    : ring_(ring), turn_(turn), replica_(replica), options_(options) {
  replica_.trees().Watch(
      [this](PartitionKey key, std::size_t leaf, ByteView storage_key, std::uint64_t change) {
        OnChange(key, leaf, storage_key, change);
      });
}

void RebuildCheck::Hurry(Moment now) {
  MoveTo(0);
  hurries_ = true;
  next_step_ = now.monotonic;
}

void RebuildCheck::OnChange(PartitionKey key, std::size_t leaf, ByteView storage_key,
                            std::uint64_t change) {
  if (reading_ == key && leaf == leaf_ && storage_key < position_) sum_ += change;
}

void RebuildCheck::MoveTo(std::size_t partition) {
  const auto& keys = replica_.log().partitions();
  partition_ = partition;
  reading_.reset();
  if (partition < keys.size()) reading_ = keys[partition];
  position_.clear();
  leaf_ = 0;
  sum_ = 0;
  unreadable_ = false;
}

// Since the last step partitions may have come or gone.
void RebuildCheck::FindPlace() {
  if (!reading_) return MoveTo(partition_);
  const auto& keys = replica_.log().partitions();
  const auto at = std::ranges::lower_bound(keys, *reading_);
  partition_ = static_cast<std::size_t>(at - keys.begin());
  if (at == keys.end() || *at != *reading_) MoveTo(partition_);
}

void RebuildCheck::Tick(Moment now) {
  if (now.monotonic < next_step_) return;
  FindPlace();
  const auto& keys = replica_.log().partitions();
  Step step;
  while (!step.cut) {
    if (partition_ >= keys.size()) {
      MoveTo(0);
      ++passes_;
      hurries_ = false;
      break;
    }
    ReadSome(keys[partition_], step);
    if (step.cut) break;
    CloseLeavesBelow(keys[partition_], MerkleTree::kLeaves);
    MoveTo(partition_ + 1);
    // Empty partitions cost a seek.
    step.rows += 8;
    step.cut = step.rows >= options_.rows_per_step;
  }
  next_step_ = hurries_ ? now.monotonic : now.monotonic + options_.interval;
}

void RebuildCheck::ReadSome(PartitionKey key, Step& step) {
  const unsigned bits = ring_.topology().partition_bits;
  const Bytes from = position_.empty() ? crdt::LeafBegin(key, 0, bits) : position_;
  const Bytes end = crdt::LeafBegin(key, MerkleTree::kLeaves, bits);
  OrStop(turn_.Scan(Column::kData, from, end, [&](const Entry& entry) {
    if (step.rows >= options_.rows_per_step || step.bytes >= options_.bytes_per_step) {
      step.cut = true;
      return false;
    }
    ++step.rows;
    step.bytes += entry.key.size() + entry.value.size();
    ReadRow(key, entry);
    return true;
  }));
}

void RebuildCheck::ReadRow(PartitionKey key, const Entry& entry) {
  const Token token{ReadBigEndian<std::uint64_t>(entry.key.substr(2))};
  CloseLeavesBelow(key, crdt::LeafOf(token, ring_.topology().partition_bits));
  const Result<crdt::Row> row = crdt::DecodeRow(entry.value);
  if (row) {
    sum_ += crdt::SumOf(entry.key, *row);
  } else {
    unreadable_ = true;
  }
  ++rows_read_;
  position_.assign(entry.key);
  position_.push_back('\0');
}

void RebuildCheck::CloseLeavesBelow(PartitionKey key, std::size_t leaf) {
  for (; leaf_ < leaf; ++leaf_) {
    if (unreadable_ || sum_ != replica_.trees().LeafOf(key, leaf_)) {
      deviating_.push_back({key, static_cast<std::uint16_t>(leaf_)});
    }
    sum_ = 0;
    unreadable_ = false;
  }
}

}  // namespace meridian::local
