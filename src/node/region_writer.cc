#include "node/region_writer.h"

#include <algorithm>

namespace meridian::node {
namespace {

constexpr std::size_t kBatchesMax = 1024;
constexpr std::size_t kBatchBytesMax = std::size_t{64} << 20;
constexpr Duration kBatchResendAfter = std::chrono::milliseconds(500);
constexpr Duration kGiveUpAfter = std::chrono::seconds(3);

std::optional<RegionWriter::Newest> NewestOf(const crdt::Row& row) {
  const auto newest = std::ranges::max_element(row.versions, {}, &crdt::Version::stamp);
  if (newest == row.versions.end()) return std::nullopt;
  return RegionWriter::Newest{newest->dot.actor.region(), newest->stamp};
}

std::vector<NodeId> PrimariesOf(const local::PreferenceList* list) {
  if (list == nullptr) return {};
  std::vector<NodeId> primaries = list->Primaries();
  std::ranges::sort(primaries);
  return primaries;
}

}  // namespace

void RegionWriter::Write(Moment now, Ticket ticket, std::vector<crdt::RowUpdate> rows) {
  if (ids_.contains(ticket) || batches_.size() >= kBatchesMax || bytes_ >= kBatchBytesMax) return;
  const std::uint64_t id = ++last_id_;
  Pending pending;
  pending.ticket = ticket;
  pending.next_resend = now.monotonic + kBatchResendAfter;
  pending.deadline = now.monotonic + kGiveUpAfter;
  // By who must hold a row: W of these, and while it moves W of those as well.
  using Holders = std::pair<std::vector<NodeId>, std::vector<NodeId>>;
  std::map<Holders, std::vector<std::uint32_t>> groups;
  for (std::uint32_t place = 0; place < rows.size(); ++place) {
    const crdt::RowUpdate& row = rows[place];
    const auto key = ring_.PartitionOfToken(row.key.placement, row.key.token());
    const local::PreferenceList* list = ring_.ListOf(key);
    if (list == nullptr) continue;
    groups[{PrimariesOf(list), PrimariesOf(ring_.AlsoWrittenTo(key))}].push_back(place);
  }
  std::map<NodeId, local::Replicate> messages;
  for (const auto& [holders, members] : groups) {
    const auto& [primaries, also] = holders;
    pending.quorums.emplace_back(primaries, primaries.size() / 2 + 1);
    pending.quorums.back().AlsoRequire(also);
    for (const NodeId node : pending.quorums.back().waiting()) {
      local::Replicate& message = messages[node];
      message.id = id;
      message.patience = local::Patience::Until(now.monotonic, pending.deadline);
      for (const std::uint32_t place : members) message.rows.push_back(rows[place]);
    }
    for (const std::uint32_t place : members) {
      pending.rows.push_back({place, pending.quorums.size() - 1, NewestOf(rows[place].row)});
    }
  }
  std::ranges::sort(pending.rows, {}, &RowPlace::place);
  for (const auto& [node, message] : messages) {
    const Bytes& body = pending.messages[node] = local::Pack(message);
    bytes_ += body.size();
    turn_.Send(ring_.Process(node), body);
  }
  ids_[ticket] = id;
  Settle(batches_.emplace(id, std::move(pending)).first);
}

void RegionWriter::OnAck(NodeId from, std::uint64_t id) {
  const auto batch = batches_.find(id);
  if (batch == batches_.end()) return;
  for (local::WriteQuorum& quorum : batch->second.quorums) quorum.RecordAck(from);
  if (const auto message = batch->second.messages.extract(from)) {
    bytes_ -= message.mapped().size();
  }
  Settle(batch);
}

void RegionWriter::Settle(Batches::iterator batch) {
  const bool done = std::ranges::all_of(batch->second.quorums, [](const auto& quorum) {
    return quorum.verdict() == local::WriteQuorum::Verdict::kAcked;
  });
  if (!done) return;
  written_.push_back(Result(batch->second));
  Forget(batch);
}

RegionWriter::Written RegionWriter::Result(const Pending& pending) {
  Written result{pending.ticket, {}, {}};
  for (const RowPlace& row : pending.rows) {
    if (pending.quorums[row.quorum].verdict() != local::WriteQuorum::Verdict::kAcked) {
      result.left.push_back(row.place);
    } else if (row.newest) {
      result.newest.push_back(*row.newest);
    }
  }
  return result;
}

RegionWriter::Batches::iterator RegionWriter::Forget(Batches::iterator batch) {
  ids_.erase(batch->second.ticket);
  for (const auto& [node, body] : batch->second.messages) bytes_ -= body.size();
  return batches_.erase(batch);
}

void RegionWriter::Forget() {
  batches_.clear();
  ids_.clear();
  bytes_ = 0;
}

void RegionWriter::Tick(Moment now) {
  for (auto batch = batches_.begin(); batch != batches_.end();) {
    Pending& pending = batch->second;
    if (now.monotonic >= pending.deadline) {
      written_.push_back(Result(pending));
      batch = Forget(batch);
      continue;
    }
    if (now.monotonic >= pending.next_resend) {
      pending.next_resend = now.monotonic + kBatchResendAfter;
      for (const auto& [node, body] : pending.messages) turn_.Send(ring_.Process(node), body);
    }
    ++batch;
  }
}

Instant RegionWriter::NextDeadline() const {
  Instant next = kNever;
  for (const auto& [id, pending] : batches_) next = std::min(next, pending.next_resend);
  return next;
}

}  // namespace meridian::node
