#include "node/region_reader.h"

#include <algorithm>

namespace meridian::node {
namespace {

constexpr std::size_t kReadsMax = 1024;
constexpr std::size_t kReadBytesMax = 64 << 20;
constexpr Duration kResendAfter = std::chrono::milliseconds(200);
constexpr Duration kTimeoutMax = std::chrono::seconds(60);

}  // namespace

void RegionReader::Read(Moment now, ProcessId gateway, const wan::RowAsk& ask) {
  if (reads_.size() >= kReadsMax || bytes_ >= kReadBytesMax) return;
  const local::Namespace* space = ring_.topology().FindNamespace(ask.key.space);
  const local::PreferenceList* list =
      ring_.ListOf(ring_.PartitionOfToken(ask.key.placement, ask.key.token()));
  if (space == nullptr || list == nullptr) return;
  const auto running = std::ranges::find_if(reads_, [&](const auto& read) {
    const Pending& pending = read.second;
    return pending.ask.id == ask.id && pending.ask.node == ask.node &&
           pending.gateway.region == gateway.region;
  });
  if (running != reads_.end()) {
    running->second.gateway = gateway;  // asked through another: the first may have been killed
    return;
  }
  const Duration timeout =
      std::min<Duration>(std::chrono::milliseconds(ask.timeout_ms), kTimeoutMax);
  Pending pending{gateway,
                  ask,
                  local::ReadQuorum(list->primaries / 2 + 1, space->policy),
                  0,
                  now.monotonic + kResendAfter,
                  now.monotonic + timeout};
  const auto read = reads_.emplace(++last_id_, std::move(pending)).first;
  AskSilent(now, read->first, read->second);
}

void RegionReader::AskSilent(Moment now, std::uint64_t id, const Pending& pending) {
  const crdt::RowKey& key = pending.ask.key;
  const local::PreferenceList* list =
      ring_.ListOf(ring_.PartitionOfToken(key.placement, key.token()));
  const Bytes body = local::Pack(
      local::ReadRow{id, key, false, local::Patience::Until(now.monotonic, pending.deadline)});
  for (const NodeId node : list->Primaries()) {
    if (!pending.quorum.HasAnswerOf(node)) turn_.Send(ring_.Process(node), body);
  }
}

void RegionReader::OnRowRead(NodeId from, local::RowRead read) {
  const auto found = reads_.find(read.id);
  if (found == reads_.end()) return;
  Pending& pending = found->second;
  for (const crdt::Version& version : read.row.versions) {
    const std::size_t bytes = version.value ? version.value->size() : 0;
    pending.bytes += bytes;
    bytes_ += bytes;
  }
  pending.quorum.Record(from, std::move(read.row));
  if (pending.quorum.verdict() == local::ReadQuorum::Verdict::kPending) return;
  const wan::RowAnswer answer{pending.ask.node, pending.ask.id, pending.quorum.merged()};
  turn_.Send(pending.gateway, wan::Pack(answer));
  Forget(found);
}

RegionReader::Reads::iterator RegionReader::Forget(Reads::iterator read) {
  bytes_ -= read->second.bytes;
  return reads_.erase(read);
}

void RegionReader::Tick(Moment now) {
  for (auto read = reads_.begin(); read != reads_.end();) {
    Pending& pending = read->second;
    if (now.monotonic >= pending.deadline) {
      read = Forget(read);
      continue;
    }
    if (now.monotonic >= pending.next_resend) {
      pending.next_resend = now.monotonic + kResendAfter;
      AskSilent(now, read->first, pending);
    }
    ++read;
  }
}

Instant RegionReader::NextDeadline() const {
  Instant next = kNever;
  for (const auto& [id, pending] : reads_) {
    next = std::min({next, pending.next_resend, pending.deadline});
  }
  return next;
}

}  // namespace meridian::node
