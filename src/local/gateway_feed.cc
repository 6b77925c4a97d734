#include "local/gateway_feed.h"

#include <algorithm>

namespace meridian::local {
namespace {

constexpr Duration kOrderLife = std::chrono::seconds(5);
constexpr std::size_t kBytesPerLogRead = 256 * 1024;

}  // namespace

void GatewayFeed::OnOrder(Moment now, ProcessId gateway, const FeedOrder& order) {
  Order& standing = orders_[gateway];
  standing.renewed = now.monotonic;
  // The last report has not left yet: the disk is full, and they would pile up.
  if (turn_.Unless(standing.answered_after) != BatchId{}) return;
  standing.answered_after = turn_.Barrier();
  const PartitionLog& log = replica_.log();
  SeenReport report;
  report.life = replica_.actor().incarnation();
  report.since = order.life == report.life ? order.since : 0;
  report.number = log.changes();
  for (const ProcessId each : StandingOrders(now)) report.gateways.push_back(each.number);
  for (const PartitionKey key : log.partitions()) {
    if (log.IsFilling(key)) continue;  // counts for nobody's quorum (rule 9)
    const bool changed = log.ChangedAt(key) > report.since || report.since == 0;
    if (changed && !log.Seen(key).empty()) report.partitions.push_back({key, log.Seen(key)});
  }
  turn_.Send(gateway, Pack(report), turn_.Barrier());
}

void GatewayFeed::OnLogRead(ProcessId gateway, const LogRead& read) {
  if (replica_.WaitsForRoom(turn_.Barrier())) return;  // it asks another one
  PartitionLog::Slice slice;
  for (const PartitionSeen& wanted : read.wanted) {
    if (slice.more || !replica_.log().Holds(wanted.key)) continue;
    replica_.log().Read(wanted.key, wanted.seen, kBytesPerLogRead, slice);
  }
  orphans_ += slice.orphans;
  turn_.Send(gateway, Pack(LogRows{read.id, std::move(slice.rows), slice.orphans, slice.more}),
             turn_.Barrier());
}

std::vector<ProcessId> GatewayFeed::StandingOrders(Moment now) {
  std::erase_if(orders_, [&](const auto& order) {
    return now.monotonic - order.second.renewed > kOrderLife;
  });
  std::vector<ProcessId> gateways;
  for (const auto& [gateway, order] : orders_) gateways.push_back(gateway);
  return gateways;
}

void GatewayFeed::Push(Moment now, std::vector<PutCoordinator::Minted> minted) {
  if (minted.empty()) return;
  const std::vector<ProcessId> gateways = StandingOrders(now);
  if (gateways.empty()) return;
  struct Share {
    FeedRows rows;
    BatchId after;
  };
  std::vector<Share> shares(gateways.size());
  for (PutCoordinator::Minted& row : minted) {
    const PartitionKey key =
        ring_.PartitionOfToken(row.update.key.placement, row.update.key.token());
    Share& share = shares[key.partition.value % gateways.size()];
    share.after = std::max(share.after, row.batch);
    share.rows.rows.push_back(std::move(row.update));
  }
  for (std::size_t i = 0; i < gateways.size(); ++i) {
    if (shares[i].rows.rows.empty()) continue;
    turn_.Send(gateways[i], Pack(shares[i].rows), shares[i].after);
  }
}

}  // namespace meridian::local
